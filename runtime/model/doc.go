// Package model is the seam between the protocols and the formats: what a
// loaded model offers (Predictor), and one served model around it (Model),
// with its states, its admission of requests and its batcher.
package model
