package stores

import (
	"encoding/xml"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// Visitor makes a user of moto's who may do anything with S3, and gives the keys.
func (p *Process) Visitor(t testing.TB, name string) (id, secret string) {
	t.Helper()
	p.identity(t, url.Values{"Action": {"CreateUser"}, "UserName": {name}})
	p.identity(t, url.Values{
		"Action": {"PutUserPolicy"}, "UserName": {name}, "PolicyName": {"s3"},
		"PolicyDocument": {`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}`},
	})
	var keys struct {
		ID     string `xml:"CreateAccessKeyResult>AccessKey>AccessKeyId"`
		Secret string `xml:"CreateAccessKeyResult>AccessKey>SecretAccessKey"`
	}
	text := p.identity(t, url.Values{"Action": {"CreateAccessKey"}, "UserName": {name}})
	if err := xml.Unmarshal(text, &keys); err != nil || keys.Secret == "" {
		t.Fatalf("%v in %s", err, text)
	}
	return keys.ID, keys.Secret
}

func (p *Process) identity(t testing.TB, form url.Values) []byte {
	t.Helper()
	form.Set("Version", "2010-05-08")
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.URL+"/", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	// The service that is meant stands in the signature's scope.
	request.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=0")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s: %v %s", form.Get("Action"), response.Status, err, text)
	}
	return text
}
