package origin

import (
	"errors"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		want   URI
		reason Reason
	}{
		"s3://b/a/c/":                         {want: URI{Scheme: S3, Bucket: "b", Path: "a/c"}},
		"s3://b":                              {want: URI{Scheme: S3, Bucket: "b"}},
		"s3://b/a b%20c":                      {want: URI{Scheme: S3, Bucket: "b", Path: "a b%20c"}},
		"gs://b/a":                            {want: URI{Scheme: GS, Bucket: "b", Path: "a"}},
		"hf://org/name":                       {want: URI{Scheme: Hub, Bucket: "org/name", Revision: "main"}},
		"hf://org/name:v1":                    {want: URI{Scheme: Hub, Bucket: "org/name", Revision: "v1"}},
		"pvc://claim/a":                       {want: URI{Scheme: Claim, Bucket: "claim", Path: "a"}},
		"/a/../b":                             {want: URI{Scheme: File, Path: "/b"}},
		"file:///a":                           {want: URI{Scheme: File, Path: "/a"}},
		"https://h/a/b.zip?x=1":               {want: URI{Scheme: HTTPS, Path: "a/b.zip"}},
		"https://acc" + AzureDomain + "/c/p/": {want: URI{Scheme: Azure, Account: "acc", Bucket: "c", Path: "p"}},
		"https://acc" + AzureDomain:           {reason: ReasonInvalidURI},
		"s3:///a":                             {reason: ReasonInvalidURI},
		"s3://user@b/a":                       {reason: ReasonInvalidURI},
		"s3://b/../a":                         {reason: ReasonInvalidURI},
		"hf://name":                           {reason: ReasonInvalidURI},
		"hf://a/b/c":                          {reason: ReasonInvalidURI},
		"file://relative":                     {reason: ReasonInvalidURI},
		"":                                    {reason: ReasonInvalidURI},
		"hdfs://h/a":                          {reason: ReasonUnsupportedScheme},
	}
	for text, c := range cases {
		got, err := Parse(text)
		if ReasonOf(err) != c.reason {
			t.Errorf("%q: got %v, want %q", text, err, c.reason)
			continue
		}
		got.text, got.query = "", nil
		if c.reason == "" && (got.Scheme != c.want.Scheme || got.Bucket != c.want.Bucket || got.Account != c.want.Account || got.Path != c.want.Path || got.Revision != c.want.Revision) {
			t.Errorf("%q: got %+v, want %+v", text, got, c.want)
		}
	}
}

func TestSchemesOfOthersNameWhatFetchesThem(t *testing.T) {
	t.Parallel()
	for text, word := range map[string]string{
		"hdfs://h/a": "`hdfs dfs -get`", "webhdfs://h:9870/a": "`hdfs dfs -get`", "oci://registry/m:1": "`oras pull`",
		"modelscope://a/b": "`modelscope download`", "ftp://h/a": "s3://, ",
	} {
		_, err := Parse(text)
		if ReasonOf(err) != ReasonUnsupportedScheme || !strings.Contains(err.Error(), word) || !strings.Contains(err.Error(), "file://") {
			t.Errorf("%s: got %v, want %s", text, err, word)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"s3://b/a", "https://u:p@h/a?sig=x", "hf://o/n:r", "https://a" + AzureDomain + "/c?sig=x", "//", "://", "file://", "gs://b/../x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		u, err := Parse(text)
		var failure *Failure
		if err != nil && !errors.As(err, &failure) {
			t.Fatalf("%q: %v is no Failure", text, err)
		}
		if err != nil || u.Scheme != HTTPS {
			return
		}
		const secret = "s3cr3t"
		signed, err := Parse("https://user:" + secret + "@host/" + strings.ReplaceAll(u.Path, "?", "") + "?sig=" + secret)
		if err == nil && !strings.Contains(u.Path, secret) && strings.Contains(signed.String(), secret) {
			t.Fatalf("%q holds the secret", signed.String())
		}
	})
}
