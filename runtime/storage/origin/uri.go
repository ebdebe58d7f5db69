package origin

import (
	"cmp"
	"net/url"
	"path"
	"strings"
)

// Scheme is a kind of place that models are kept in.
type Scheme string

// The schemes. An address https://ACCOUNT.blob.core.windows.net/CONTAINER/PATH is [Azure], whatever its scheme.
const (
	File  Scheme = "file"
	Claim Scheme = "pvc"
	HTTP  Scheme = "http"
	HTTPS Scheme = "https"
	S3    Scheme = "s3"
	GS    Scheme = "gs"
	Hub   Scheme = "hf"
	Azure Scheme = "azure"
)

// AzureDomain is the end of the host of every Azure Blob address.
const AzureDomain = ".blob.core.windows.net"

// URI is a storage URI taken apart.
type URI struct {
	Scheme Scheme
	// Bucket is the bucket, Azure's container, the claim, or ORG/NAME of a model on the hub.
	Bucket string
	// Account is Azure's.
	Account string
	// Path is the object or the prefix, without slashes around it; of a file the absolute path.
	Path string
	// Revision of a model on the hub: a branch, a tag or a commit. Empty is "main".
	Revision string
	// text is the URI as it was given, and may hold credentials.
	text  string
	query url.Values
}

// Schemes are what may stand before a URI's "://".
func Schemes() []string {
	return []string{"file", "pvc", "http", "https", "s3", "gs", "hf"}
}

// Parse takes a URI apart; a path without a scheme is a file's. Its error is a [*Failure].
func Parse(text string) (URI, error) {
	u := URI{text: text}
	scheme, rest, found := strings.Cut(text, "://")
	if strings.ContainsAny(text, "\x00\r\n") || text == "" {
		return u, u.Invalid("it is empty or holds a control character")
	}
	if !found {
		u.Scheme, u.Path = File, path.Clean(text)
		return u, nil
	}
	u.Scheme = Scheme(scheme)
	switch u.Scheme {
	case File:
		return u.file(rest)
	case HTTP, HTTPS:
		return u.web()
	case S3, GS, Claim:
		return u.bucket(rest)
	case Hub:
		return u.hub(rest)
	}
	remedy := "use one of " + strings.Join(Schemes(), "://, ") + "://, or an Azure address https://ACCOUNT" + AzureDomain + "/CONTAINER/PATH"
	if own := ownClient(u.Scheme); own != "" {
		remedy = "fetch the model by " + own + " and give file:///DIR, or " + remedy
	}
	return u, u.Fail(ReasonUnsupportedScheme, "nothing here fetches the scheme %q", remedy, Clipped(scheme))
}

// ownClient is the command that fetches from the schemes that KServe knows beside ours.
func ownClient(s Scheme) string {
	switch s {
	case "hdfs", "webhdfs":
		return "`hdfs dfs -get`"
	case "oci", "oci+native", "oci+fetch":
		return "`oras pull`, or `podman image mount`,"
	case "modelscope":
		return "`modelscope download`"
	}
	return ""
}

// Invalid says what is wrong with the URI itself.
func (u URI) Invalid(what string) error {
	return u.Fail(ReasonInvalidURI, "%s", "correct the storage URI", what)
}

func (u URI) file(rest string) (URI, error) {
	if !strings.HasPrefix(rest, "/") {
		return u, u.Fail(ReasonInvalidURI, "the path is not absolute", "write file:///absolute/path")
	}
	u.Path = path.Clean(rest)
	return u, nil
}

// bucket reads s3://BUCKET/KEY, and the like. A key may hold any character, so that nothing is unescaped.
func (u URI) bucket(rest string) (URI, error) {
	name, key, _ := strings.Cut(rest, "/")
	if name == "" {
		return u, u.Invalid("it names no bucket")
	}
	if strings.ContainsAny(name, "@?#:") {
		return u, u.Invalid("the bucket's name holds one of @ ? # :")
	}
	u.Bucket, u.Path = name, strings.Trim(key, "/")
	return u, u.withinBucket()
}

// withinBucket refuses a key that would name something else once it is a path.
func (u URI) withinBucket() error {
	for _, element := range strings.Split(u.Path, "/") {
		if element == ".." || element == "." {
			return u.Invalid(`the path holds "." or ".."`)
		}
	}
	return nil
}

func (u URI) hub(rest string) (URI, error) {
	repository, revision, _ := strings.Cut(rest, ":")
	org, name, two := strings.Cut(strings.Trim(repository, "/"), "/")
	if !two || org == "" || name == "" || strings.Contains(name, "/") || strings.ContainsAny(repository, "?#@ \\") {
		return u, u.Fail(ReasonInvalidURI, "it does not name a model", "write hf://ORG/NAME or hf://ORG/NAME:REVISION")
	}
	if strings.ContainsAny(revision, "?# ") {
		return u, u.Invalid("the revision holds a character that none has")
	}
	u.Bucket, u.Revision = org+"/"+name, cmp.Or(revision, "main")
	return u, nil
}

func (u URI) web() (URI, error) {
	parsed, err := url.Parse(u.text)
	if err != nil || parsed.Hostname() == "" {
		return u, u.Invalid("it is no web address")
	}
	if parsed.User != nil && strings.HasSuffix(parsed.Hostname(), AzureDomain) {
		return u, u.Invalid("an Azure address takes no user name")
	}
	u.query = parsed.Query()
	account, isAzure := strings.CutSuffix(parsed.Hostname(), AzureDomain)
	if !isAzure || parsed.Port() != "" {
		u.Path = strings.Trim(parsed.Path, "/")
		return u, nil
	}
	u.Scheme, u.Account = Azure, account
	container, blob, _ := strings.Cut(strings.Trim(parsed.Path, "/"), "/")
	if container == "" || account == "" {
		return u, u.Fail(ReasonInvalidURI, "it names no container", "write https://ACCOUNT"+AzureDomain+"/CONTAINER/PATH")
	}
	u.Bucket, u.Path = container, strings.Trim(blob, "/")
	return u, u.withinBucket()
}

// String is the URI without what may be a credential: user and password, and the values of a query.
func (u URI) String() string {
	scheme, rest, found := strings.Cut(u.text, "://")
	if !found || u.Scheme == File {
		return u.text
	}
	rest, query, signed := strings.Cut(rest, "?")
	authority, key, slash := strings.Cut(rest, "/")
	if at := strings.LastIndexByte(authority, '@'); at >= 0 {
		authority = "[redacted]@" + authority[at+1:]
	}
	out := scheme + "://" + authority
	if slash {
		out += "/" + key
	}
	if signed && (u.Scheme == S3 || u.Scheme == GS) {
		return out + "?" + query // part of a key
	}
	if signed {
		return out + "?[redacted]"
	}
	return out
}

// Text is the URI as it was given; it may hold credentials, and is not to be shown.
func (u URI) Text() string { return u.text }

// Query holds the signature of a signed address.
func (u URI) Query() url.Values { return u.query }

// GoString keeps a credential out of what %#v prints.
func (u URI) GoString() string { return u.String() }

// Base is the name of a single file that the URI stands for.
func (u URI) Base() string {
	name := path.Base("/" + u.Path)
	if name == "/" {
		return "model"
	}
	return name
}

// Clipped bounds what a message repeats of a text from outside.
func Clipped(text string) string {
	const limit = 40
	if len(text) > limit {
		return strings.ToValidUTF8(text[:limit], "") + "…"
	}
	return text
}
