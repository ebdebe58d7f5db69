package engine

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
)

// secretIn gives the first variable that a text refers to and that holds a Secret's value, and which Secret that is; none is "".
func (v variables) secretIn(text string) (name, origin string) {
	expand(text, func(used string) (string, bool) {
		if from := v.origin[used]; from != "" && name == "" {
			name, origin = used, from
		}
		return "", true
	})
	return name, origin
}

// refuseExposed is an error if a container would have a Secret's value where every user of the machine reads it: on the command
// line of its process, or of the container engine's client.
func (v variables) refuseExposed(c *corev1.Container) error {
	refuse := func(field, text string) error {
		name, origin := v.secretIn(text)
		if name == "" {
			return nil
		}
		return configError("container %s: %s: $(%s) would put the value of %s where every user of this machine can read it: let the program read the "+
			"variable %s itself, or mount the Secret and give the file's path", c.Name, field, name, origin, name)
	}
	for field, texts := range map[string][]string{"command": c.Command, "args": c.Args} {
		for i, text := range texts {
			if err := refuse(fmt.Sprintf("%s[%d]", field, i), text); err != nil {
				return err
			}
		}
	}
	for i := range c.VolumeMounts {
		if err := refuse(fmt.Sprintf("volumeMounts[%d].subPathExpr", i), c.VolumeMounts[i].SubPathExpr); err != nil {
			return err
		}
	}
	return nil
}
