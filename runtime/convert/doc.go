// Package convert makes an ONNX file of a pickled model that package sklearn doesn't serve, by skl2onnx in a Python of the user's. Loading a pickle
// runs the code that it names, so that this is done by an explicit command alone, and never by a server.
package convert
