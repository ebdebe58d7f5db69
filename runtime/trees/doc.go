// Package trees evaluates ensembles of decision trees over rows of features: the kernel under XGBoost, LightGBM and
// scikit-learn's trees, forests and boosting.
//
// A reader describes what a file says as a [Forest]; [Build] checks it, so that no file can make the kernel loop or read
// astray, and lays it out: nodes of 8 to 24 bytes, siblings beside each other, leaves that lead to themselves. Rows are
// turned into ordered integers first, a block at a time (key.go, columns.go): a comparison of integers then stands for each
// library's own (< or <=, single or double precision), and where a missing value goes is settled by what integer it becomes.
// Four rows walk down a tree in step, without a branch, so that the memory latency of one hides behind the others
// (walk.go). Categories are bits that a node masks, so that the same step does for them (masks.go). Trees that are about full are
// made so, which spares them the places of their children (complete.go).
package trees
