// Package xgboost reads XGBoost's models (JSON, UBJSON and the binary format of before 3.1, and what a pickle of a Booster
// holds) and answers as XGBoost does: in single precision, tree by tree in the file's order, so that margins are equal to
// XGBoost's bit for bit.
//
// The formats are described in XGBoost's documentation ("Introduction to Model IO", the JSON schema) and, for the binary one,
// by the structures that its versions up to 2.1 write (include/xgboost/tree_model.h, src/learner.cc, src/gbm/gbtree_model.h).
package xgboost
