package main

import (
	"errors"
	"fmt"

	"github.com/spf13/pflag"
)

// flagFault gives an error of a flag's value as one reads it: the flag, the value and what is allowed. Flags with a type of
// our own say that themselves; the others' errors are strconv's.
func flagFault(err error) error {
	var invalid *pflag.InvalidValueError
	if !errors.As(err, &invalid) {
		return err
	}
	flag := invalid.GetFlag()
	if allowed := allowedValues(flag.Value.Type()); allowed != "" {
		return fmt.Errorf("--%s %q is not %s", flag.Name, invalid.GetValue(), allowed)
	}
	return fmt.Errorf("--%s: %w", flag.Name, invalid.Unwrap())
}

// allowedValues says what a flag of one of pflag's types takes, or "" for another type.
func allowedValues(kind string) string {
	switch kind {
	case "uint16": // all of these are ports
		return "a port number from 0 to 65535"
	case "int", "int32", "int64":
		return "a whole number"
	case "uint", "uint32", "uint64":
		return "a whole number from 0"
	case "float32", "float64":
		return "a number"
	case "duration":
		return "a duration; write it as 500ms, 30s or 5m"
	case "bool":
		return "true or false"
	default:
		return ""
	}
}
