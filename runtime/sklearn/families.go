package sklearn

// families are the makers by class, a file for each family.
func families() []func(class string) maker {
	return []func(string) maker{
		linearFamily, discriminantFamily, svmFamily, neighborsFamily, bayesFamily, networkFamily, clusterFamily, scaleFamily, decomposeFamily,
		forestFamily, boostingFamily, encodeFamily, imputeFamily, composeFamily, functionFamily, shapeFamily,
		selectFamily, textFamily, dummyFamily, outlierFamily, crossDecomposeFamily, labelFamily, thresholdFamily,
		kernelFamily, processFamily, semiSupervisedFamily, searchFamily, adaBoostFamily, baggingFamily, votingFamily, stackFamily, calibrateFamily, multiFamily, targetFamily,
	}
}
