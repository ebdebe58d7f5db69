package storage

import (
	"context"
	"net/http"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"
	azureblobs "github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"gocloud.dev/blob"
	"gocloud.dev/blob/azureblob"

	"github.com/sluice-serving/sluice/runtime/storage/origin"
)

// openAzure opens a container of Azure Blob Storage, or of an emulator that AZURE_STORAGE_CONNECTION_STRING leads to.
func openAzure(ctx context.Context, u origin.URI, e environment, transport http.RoundTripper) (source, error) {
	client, endpoint, err := azureClient(u, e, transport)
	if err != nil {
		return nil, err
	}
	bucket, err := azureblob.OpenBucket(ctx, client, nil)
	if err != nil {
		return nil, err
	}
	return &bucketStore{
		uri: u, bucket: bucket, at: "azure|" + endpoint + "|" + u.Bucket,
		describe: func(entry *blob.ListObject, o *object) {
			var own container.BlobItem
			if entry.As(&own) && own.Properties != nil && own.Properties.ETag != nil {
				o.version = string(*own.Properties.ETag)
			}
			if len(entry.MD5) > 0 {
				o.sum = checksum{name: "md5", want: entry.MD5}
			}
		},
		pin: func(o object, as func(any) bool) {
			var options *azblob.DownloadStreamOptions
			if as(&options) && o.version != "" {
				tag := azcore.ETag(o.version)
				options.AccessConditions = &azureblobs.AccessConditions{ModifiedAccessConditions: &azureblobs.ModifiedAccessConditions{IfMatch: &tag}}
			}
		},
	}, nil
}

// azureClient tries, in this order: the URI's own signature, a connection string of the account, its key, a signature, a
// service principal, the workload's identity, and none.
func azureClient(u origin.URI, e environment, transport http.RoundTripper) (*container.Client, string, error) {
	once := azcore.ClientOptions{
		Transport: &http.Client{Transport: transport},
		Retry:     policy.RetryOptions{MaxRetries: -1}, // the fetch itself tries again
	}
	options := &container.ClientOptions{ClientOptions: once}
	line := connectionString(e.first("AZURE_STORAGE_CONNECTION_STRING"))
	ours := line["AccountName"] == u.Account
	endpoint := "https://" + u.Account + origin.AzureDomain
	if ours && line["BlobEndpoint"] != "" {
		endpoint = strings.TrimSuffix(line["BlobEndpoint"], "/")
	}
	address := endpoint + "/" + u.Bucket
	signature := strings.TrimPrefix(e.first("AZURE_STORAGE_SAS_TOKEN"), "?")
	key := e.first("AZURE_STORAGE_ACCESS_KEY", "AZURE_STORAGE_KEY")
	if ours && line["AccountKey"] != "" {
		key = line["AccountKey"]
	}
	if ours && line["SharedAccessSignature"] != "" {
		signature = line["SharedAccessSignature"]
	}
	switch {
	case u.Query().Has("sig"):
		client, err := container.NewClientWithNoCredential(address+"?"+u.Query().Encode(), options)
		return client, endpoint, azureSetup(u, err)
	case key != "":
		shared, err := container.NewSharedKeyCredential(u.Account, key)
		if err != nil {
			return nil, "", u.Fail(origin.ReasonCredentials, "the Azure account's key is not one", "correct AZURE_STORAGE_ACCESS_KEY or the Secret's entry")
		}
		client, err := container.NewClientWithSharedKeyCredential(address, shared, options)
		return client, endpoint, azureSetup(u, err)
	case signature != "":
		client, err := container.NewClientWithNoCredential(address+"?"+signature, options)
		return client, endpoint, azureSetup(u, err)
	}
	token, err := azureIdentity(e, once)
	switch {
	case err != nil:
		return nil, "", azureSetup(u, err)
	case token != nil:
		client, err := container.NewClient(address, token, options)
		return client, endpoint, azureSetup(u, err)
	}
	client, err := container.NewClientWithNoCredential(address, options)
	return client, endpoint, azureSetup(u, err)
}

func azureSetup(u origin.URI, err error) error {
	if err == nil {
		return nil
	}
	return u.Fail(origin.ReasonCredentials, "the Azure credentials can't be used", "correct AZURE_… or the Secret's AZ_… entries").Because(err)
}

// azureIdentity is a service principal's token, by the names of KServe's Secret or Azure's own, or the workload's.
func azureIdentity(e environment, options azcore.ClientOptions) (azcore.TokenCredential, error) {
	tenant, client := e.first("AZ_TENANT_ID", "AZURE_TENANT_ID"), e.first("AZ_CLIENT_ID", "AZURE_CLIENT_ID")
	secret, file := e.first("AZ_CLIENT_SECRET", "AZURE_CLIENT_SECRET"), e.first("AZURE_FEDERATED_TOKEN_FILE")
	switch {
	case tenant != "" && client != "" && secret != "":
		return azidentity.NewClientSecretCredential(tenant, client, secret, &azidentity.ClientSecretCredentialOptions{ClientOptions: options})
	case tenant != "" && client != "" && file != "":
		return azidentity.NewWorkloadIdentityCredential(&azidentity.WorkloadIdentityCredentialOptions{
			ClientOptions: options, ClientID: client, TenantID: tenant, TokenFilePath: file,
		})
	}
	return nil, nil
}

// connectionString takes "AccountName=…;AccountKey=…" apart. A key ends in "=" itself.
func connectionString(text string) map[string]string {
	parts := map[string]string{}
	for _, part := range strings.Split(text, ";") {
		if name, value, ok := strings.Cut(strings.TrimSpace(part), "="); ok {
			parts[name] = value
		}
	}
	return parts
}
