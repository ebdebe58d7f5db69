// Package stores starts real object stores on this machine for tests, and puts faults between them and a client.
package stores
