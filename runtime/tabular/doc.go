// Package tabular is what models over rows of features have in common, whatever wrote them: how rows come in (a matrix, or named columns of numbers
// and texts), what a model says of its features and outputs, and the way from the protocol's tensors to both.
package tabular
