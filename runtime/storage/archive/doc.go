// Package archive unpacks a model's archive, which nobody vouches for, into a directory that nothing in it can leave.
package archive
