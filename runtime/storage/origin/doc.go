// Package origin names where a model is kept, by its storage URI, and says why it can't be had from there. It imports no
// store's library, so that whoever only reads URIs needs none of them.
package origin
