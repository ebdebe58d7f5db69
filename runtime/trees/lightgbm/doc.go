// Package lightgbm reads LightGBM's models in its text format (versions 2 to 4, with the line of pandas' categories behind)
// and answers as LightGBM does: in double precision, tree by tree in the file's order.
//
// The format is what LightGBM's src/boosting/gbdt_model_text.cpp and src/io/tree.cpp write and read.
package lightgbm
