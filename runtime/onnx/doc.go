// Package onnx serves ONNX models by onnxruntime. It finds the library, maps
// onnxruntime's types to the protocol's, and turns what classifiers converted
// from scikit-learn give (a sequence of maps) into a tensor.
package onnx
