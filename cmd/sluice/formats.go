package main

// bundledFormats are the model formats that `sluice serve` reads, as manifests spell them.
func bundledFormats() []string { return []string{"onnx"} }
