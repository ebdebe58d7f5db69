// Package sklearn serves scikit-learn models from their pickle or joblib files without Python: the file is read as inert values, and each
// class of estimator that is known is made anew from its fitted attributes. A file's classes are told by their names, its version by _sklearn_version.
//
// Everything is computed in float64, whatever the rows came in, but for trees, which compare float32 as the library does.
//
// Source of what is computed: scikit-learn's documentation and behaviour, versions 1.0 to 1.9.
package sklearn
