package sklearn

// foreign makes estimators of other libraries that follow scikit-learn's interface. It gives nil for a class that is none of theirs.
func foreign(a *attrs) (*estimator, error) {
	return nil, nil
}
