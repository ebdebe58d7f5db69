// Package backend is a model server that keeps account: it writes down the id of each request as it comes and as it is
// answered, so that a test can tell what was lost and what was run twice.
//
// It makes nothing easy. It is ready some time after it listens and refuses requests until then, so that one that came too
// early shows; and at SIGTERM it ends at once and writes down how many requests it still ran.
package backend
