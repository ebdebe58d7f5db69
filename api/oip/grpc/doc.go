// Package grpc is the Open Inference Protocol over gRPC: the generated service
// and messages, and the conversion between them and the tensors of api/oip.
//
// To generate again after a change of open_inference.proto (Python's
// grpcio-tools carries protoc, the two plugins are Go modules):
//
//	pip install grpcio-tools==1.81.1
//	go install google.golang.org/protobuf/cmd/protoc-gen-go@v1.36.12
//	go install google.golang.org/grpc/cmd/protoc-gen-go-grpc@v1.5.1
//	go generate ./api/oip/grpc
package grpc

//go:generate python3 -m grpc_tools.protoc -I. --go_out=. --go_opt=paths=source_relative --go-grpc_out=. --go-grpc_opt=paths=source_relative open_inference.proto
