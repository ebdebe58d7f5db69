package storage

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/ec2rolecreds"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"gocloud.dev/blob"
	"gocloud.dev/blob/s3blob"

	"github.com/sluice-serving/sluice/runtime/storage/origin"
)

// openS3 opens an S3 bucket, or one of a store that speaks its protocol.
func openS3(ctx context.Context, u origin.URI, e environment, transport http.RoundTripper) (source, error) {
	client, endpoint, err := s3Client(ctx, u, e, transport)
	if err != nil {
		return nil, err
	}
	bucket, err := s3blob.OpenBucket(ctx, client, u.Bucket, nil)
	if err != nil {
		return nil, err
	}
	return &bucketStore{
		uri: u, bucket: bucket, at: "s3|" + endpoint + "|" + u.Bucket,
		describe: func(entry *blob.ListObject, o *object) {
			var own s3types.Object
			if entry.As(&own) {
				o.version = aws.ToString(own.ETag)
			}
			if len(entry.MD5) > 0 {
				o.sum = checksum{name: "md5", want: entry.MD5}
			}
		},
		pin: func(o object, as func(any) bool) {
			var input *s3.GetObjectInput
			if as(&input) && o.version != "" {
				input.IfMatch = aws.String(o.version)
			}
		},
		// The ETag looks like an MD5 sum, and is none, where the store encrypts with a key of the user's.
		meant: func(ctx context.Context, o object) bool {
			head, err := client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &u.Bucket, Key: &o.key})
			return err == nil && head.SSECustomerAlgorithm == nil && !strings.HasPrefix(string(head.ServerSideEncryption), "aws:kms")
		},
	}, nil
}

func s3Client(ctx context.Context, u origin.URI, e environment, transport http.RoundTripper) (*s3.Client, string, error) {
	endpoint := s3Endpoint(e)
	options := []func(*config.LoadOptions) error{
		config.WithDefaultRegion("us-east-1"),
		// The fetch itself tries again.
		config.WithRetryer(func() aws.Retryer { return aws.NopRetryer{} }),
	}
	if region := e.first("AWS_REGION", "AWS_DEFAULT_REGION"); region != "" {
		options = append(options, config.WithRegion(region))
	}
	if profile := e.first("AWS_PROFILE", "AWS_DEFAULT_PROFILE"); profile != "" {
		options = append(options, config.WithSharedConfigProfile(profile))
	}
	if file := e.first("AWS_SHARED_CREDENTIALS_FILE"); file != "" {
		options = append(options, config.WithSharedCredentialsFiles([]string{file}))
	}
	if file := e.first("AWS_CONFIG_FILE"); file != "" {
		options = append(options, config.WithSharedConfigFiles([]string{file}))
	}
	if e.flag(false, "AWS_EC2_METADATA_DISABLED") {
		options = append(options, config.WithEC2IMDSClientEnableState(imds.ClientDisabled))
	}
	id, secret := e.first("AWS_ACCESS_KEY_ID"), e.first("AWS_SECRET_ACCESS_KEY")
	anonymous := e.flag(false, "awsAnonymousCredential", "AWS_ANONYMOUS_CREDENTIAL")
	switch {
	case anonymous:
		options = append(options, config.WithCredentialsProvider(aws.AnonymousCredentials{}))
	case id != "" && secret != "":
		options = append(options, config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider(id, secret, e.first("AWS_SESSION_TOKEN"))))
	case id != "" || secret != "":
		return nil, "", u.Fail(origin.ReasonCredentials, "only one of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY is set", "set both, or neither")
	}
	loaded, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return nil, "", u.Fail(origin.ReasonCredentials, "the AWS configuration can't be read", "correct AWS_PROFILE and the files in ~/.aws").Because(err)
	}
	if !anonymous && id == "" {
		if loaded.Credentials, err = orAnonymous(ctx, u, loaded.Credentials); err != nil {
			return nil, "", err
		}
	}
	return s3.NewFromConfig(loaded, func(o *s3.Options) {
		// Not for the whole configuration: it would refuse a client of ours as soon as AWS_CA_BUNDLE is set.
		o.HTTPClient = &http.Client{Transport: transport}
		if endpoint != "" {
			o.BaseEndpoint = aws.String(endpoint)
		}
		// A bucket's name before an endpoint of one's own is no host that anybody knows, unless the user says so.
		o.UsePathStyle = endpoint != "" && !e.flag(false, "S3_USER_VIRTUAL_BUCKET") || strings.Contains(u.Bucket, ".")
		// Stores other than Amazon's don't know its newer checksums.
		o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
		o.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired
		o.DisableLogOutputChecksumValidationSkipped = true
	}), endpoint, nil
}

// orAnonymous checks the credentials of the user's files, or the machine's own identity. Without any a public bucket can still
// be read; those that are configured and can't be had are a mistake, which a refusal of the store would hide.
func orAnonymous(ctx context.Context, u origin.URI, loaded aws.CredentialsProvider) (aws.CredentialsProvider, error) {
	machine := aws.IsCredentialsProvider(loaded, (*ec2rolecreds.Provider)(nil)) // what the SDK ends at when nothing is configured
	wait := time.Minute
	if machine {
		wait = 3 * time.Second // a machine outside any cloud answers nothing
	}
	within, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	_, err := loaded.Retrieve(within)
	switch {
	case err == nil:
		return loaded, nil
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case machine:
		return aws.AnonymousCredentials{}, nil
	}
	return nil, u.Fail(origin.ReasonCredentials, "the AWS credentials that are configured can't be had, or have expired",
		"renew them (for a profile of SSO: aws sso login), or correct AWS_PROFILE and the files in ~/.aws; a public bucket needs awsAnonymousCredential=true").Because(err)
}

// s3Endpoint is the address of a store other than Amazon's, or empty. KServe's S3_ENDPOINT has no scheme.
func s3Endpoint(e environment) string {
	endpoint := e.first("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "S3_ENDPOINT")
	if endpoint == "" || strings.Contains(endpoint, "://") {
		return strings.TrimSuffix(endpoint, "/")
	}
	if e.flag(true, "S3_USE_HTTPS") {
		return "https://" + endpoint
	}
	return "http://" + endpoint
}
