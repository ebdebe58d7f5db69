// Package server answers the Open Inference Protocol (V2) and KServe's V1 over
// HTTP, and OIP over gRPC, for the models of a repository.
package server
