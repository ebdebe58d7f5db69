// Package storage fetches a model from where it is kept (a bucket, the Hugging Face hub, a web server, a disk) into a
// directory, which then holds all of it or nothing. What was fetched is kept in a cache by its content, which processes
// share; a fetch that is cut off goes on where it stopped, also in another process.
package storage
