package ir

// Chain is how a TLS listener serves the connections for one server name.
type Chain struct {
	// Scope is what the hosts of these connections have as [Host.Listener], so that a host named inside a connection is
	// looked for among those of the name that the connection was opened for, and no others.
	Scope string `json:"scope"`
	// ServerName is the exact name or the wildcard "*.suffix" that a client asks for (SNI); empty takes every other
	// connection, those without a name too.
	ServerName string `json:"serverName,omitempty"`
	// Certificates are [Certificate.Name]s, at least one: of different kinds of key, Envoy picks what the client can use.
	Certificates []string `json:"certificates"`
}

// Certificate is a certificate with its key. It travels by itself, so that a renewed one changes no listener.
type Certificate struct {
	// Name is unique and stable.
	Name string `json:"name"`
	// Object is the Secret.
	Object Ref `json:"object"`
	// Chain is the certificate and those that vouch for it, in PEM.
	Chain string `json:"chain"`
	// Key is the private key, in PEM.
	Key Secret `json:"key"`
}

// Scopes gives what the listener's hosts have as [Host.Listener].
func (l *Listener) Scopes() []string {
	if len(l.TLS) == 0 {
		return []string{l.Name}
	}
	var scopes []string
	for _, c := range l.TLS {
		scopes = append(scopes, c.Scope)
	}
	return scopes
}
