// Package oip holds the wire types and codecs of the two HTTP inference
// protocols that KServe's users speak: the Open Inference Protocol (V2, with
// the binary tensor data extension) and KServe's V1. It opens no socket and
// knows no model: bytes in, tensors out, and the other way round.
//
// The protocols are described at
// https://github.com/kserve/open-inference-protocol and, for V1,
// https://kserve.github.io/website (data plane, V1 inference protocol).
//
// Numbers are decoded from JSON straight into the memory that a runtime reads:
// a tensor of fixed-size elements is one []byte, little-endian and aligned.
package oip
