package admin

import (
	"fmt"
	"net/url"
	"strconv"
)

const (
	// AllLines as [LogOptions.Tail] asks for a log from its beginning.
	AllLines = -1
	// maxTail is far more than anybody reads; without tail= a log is sent whole.
	maxTail = 1_000_000
)

// LogOptions choose what of a service's logs is sent.
type LogOptions struct {
	// Container and Replica (a pod's name) narrow the choice; empty means all.
	Container string
	Replica   string
	// Previous asks for what the process before the present one printed.
	Previous bool
	// Tail is the number of last lines of each log to begin with, or [AllLines].
	Tail int
	// Follow keeps the stream open for new lines, those of new replicas included.
	Follow bool
}

// values gives the query that [parseLogOptions] reads.
func (o LogOptions) values() url.Values {
	values := url.Values{}
	set := func(name, value string) {
		if value != "" {
			values.Set(name, value)
		}
	}
	set("container", o.Container)
	set("replica", o.Replica)
	if o.Previous {
		values.Set("previous", "1")
	}
	if o.Follow {
		values.Set("follow", "1")
	}
	if o.Tail != AllLines {
		values.Set("tail", strconv.Itoa(o.Tail))
	}
	return values
}

func parseLogOptions(values url.Values) (LogOptions, error) {
	o := LogOptions{Container: values.Get("container"), Replica: values.Get("replica"), Tail: AllLines}
	var err error
	if o.Previous, err = queryBool(values, "previous"); err != nil {
		return o, err
	}
	if o.Follow, err = queryBool(values, "follow"); err != nil {
		return o, err
	}
	if tail := values.Get("tail"); tail != "" {
		if o.Tail, err = strconv.Atoi(tail); err != nil || o.Tail < 0 || o.Tail > maxTail {
			return o, fmt.Errorf("query parameter tail=%q is not a number of lines from 0 to %d; leave it out for all of them", tail, maxTail)
		}
	}
	if o.Previous && o.Follow {
		return o, fmt.Errorf("previous and follow exclude each other: a process that has ended prints nothing more")
	}
	return o, nil
}

// queryBool reads a flag of the query: absent, "0" and "false" are false; "1", "true" and a bare name are true.
func queryBool(values url.Values, name string) (bool, error) {
	if !values.Has(name) {
		return false, nil
	}
	value := values.Get(name)
	if value == "" {
		return true, nil
	}
	on, err := strconv.ParseBool(value)
	if err != nil {
		return false, fmt.Errorf("query parameter %s=%q is not a boolean; write %s=1 or leave it out", name, value, name)
	}
	return on, nil
}
