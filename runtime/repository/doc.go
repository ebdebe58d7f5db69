// Package repository finds model files in a folder and keeps the models that a
// server serves, by name and version.
package repository
