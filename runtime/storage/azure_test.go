package storage_test

import (
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/sas"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/service"

	"time"

	"github.com/sluice-serving/sluice/runtime/storage/origin"
	"github.com/sluice-serving/sluice/test/stores"
)

func TestAzure(t *testing.T) {
	t.Parallel()
	store := running(t, azurite)
	data := noise("azure", big)
	address := store.URL + "/" + stores.AzureAccount
	shared, err := azblob.NewSharedKeyCredential(stores.AzureAccount, stores.AzureKey)
	if err != nil {
		t.Fatal(err)
	}
	client, err := azblob.NewClientWithSharedKeyCredential(address, shared, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.CreateContainer(t.Context(), "models", nil); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{"m/iris/model.bin": data, "m/iris/1/a b.txt": []byte("two"), "m/iris2/x": []byte("no")} {
		if _, err := client.UploadBuffer(t.Context(), "models", name, content, nil); err != nil {
			t.Fatal(err)
		}
	}
	faults := stores.NewFaults(t, store.URL, "model.bin")
	line := func(key string) string {
		return "AccountName=" + stores.AzureAccount + ";" + key + ";BlobEndpoint=" + faults.URL + "/" + stores.AzureAccount + ";"
	}
	f := newTester(t, map[string]string{"AZURE_STORAGE_CONNECTION_STRING": line("AccountKey=" + stores.AzureKey)})
	base := "https://" + stores.AzureAccount + ".blob.core.windows.net/models"
	f.mustFail(base+"/none", origin.ReasonEmptyPrefix)
	f.mustFail("https://"+stores.AzureAccount+".blob.core.windows.net/other/m", origin.ReasonBucketNotFound, `container "other"`)
	faults.CutAfter(big / 2)
	f.mustFail(base+"/m/iris", origin.ReasonConnection, "model.bin")
	faults.Mend()
	f.mustFetch(base + "/m/iris")
	f.want(map[string][]byte{"model.bin": data, "1/a b.txt": []byte("two")})
	if sent := faults.Sent.Load(); sent > big+9<<20 {
		t.Errorf("%d bytes were sent for an object of %d", sent, big)
	}
	own, err := service.NewClientWithSharedKeyCredential(address, shared, nil)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := own.NewContainerClient("models").GetSASURL(sas.ContainerPermissions{Read: true, List: true}, time.Now().Add(time.Hour), nil)
	if err != nil {
		t.Fatal(err)
	}
	_, query, _ := strings.Cut(signed, "?")
	f = newTester(t, map[string]string{"AZURE_STORAGE_CONNECTION_STRING": line("")})
	f.mustFetch(base + "/m/iris/1?" + query)
	f.want(map[string][]byte{"a b.txt": []byte("two")})
	f = newTester(t, map[string]string{"AZURE_STORAGE_CONNECTION_STRING": line("")})
	f.mustFail(base+"/m/iris", origin.ReasonCredentials, "AZURE_STORAGE_ACCESS_KEY")
	f.env["AZURE_STORAGE_CONNECTION_STRING"] = line("AccountKey=" + strings.Repeat("A", 86) + "==")
	f.mustFail(base+"/m/iris", origin.ReasonCredentials)
}
