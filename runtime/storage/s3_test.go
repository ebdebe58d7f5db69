package storage_test

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/sluice-serving/sluice/runtime/storage"
	"github.com/sluice-serving/sluice/runtime/storage/origin"
	"github.com/sluice-serving/sluice/test/stores"
)

func s3Env(endpoint string) map[string]string {
	return map[string]string{
		"AWS_ENDPOINT_URL": endpoint, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "testsecretvalue",
		"AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
	}
}

func TestS3PrefixAndObject(t *testing.T) {
	t.Parallel()
	store := running(t, moto)
	store.Put(t, "names", map[string][]byte{
		"m/iris/model.onnx": []byte("one"), "m/iris/1/a b+c.txt": []byte("two"), "m/iris/": nil, "m/iris2/other": []byte("no"), "top": []byte("three"),
	})
	cases := map[string]map[string][]byte{
		"s3://names/m/iris":            {"model.onnx": []byte("one"), "1/a b+c.txt": []byte("two")},
		"s3://names/m/iris/":           {"model.onnx": []byte("one"), "1/a b+c.txt": []byte("two")},
		"s3://names/m/iris/model.onnx": {"model.onnx": []byte("one")},
		"s3://names":                   {"m/iris/model.onnx": []byte("one"), "m/iris/1/a b+c.txt": []byte("two"), "m/iris2/other": []byte("no"), "top": []byte("three")},
	}
	for uri, files := range cases {
		t.Run(uri, func(t *testing.T) {
			t.Parallel()
			f := newTester(t, s3Env(store.URL))
			f.mustFetch(uri)
			f.want(files)
		})
	}
}

func TestS3SaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	store := running(t, moto)
	store.Put(t, "wrong", map[string][]byte{"m/model.onnx": []byte("one")})
	f := newTester(t, s3Env(store.URL))
	f.mustFail("s3://wrong/none", origin.ReasonEmptyPrefix, `"none"`, "s3://wrong/none")
	f.mustFail("s3://wrong/m/mod", origin.ReasonEmptyPrefix)
	f.mustFail("s3://no-such-bucket/m", origin.ReasonBucketNotFound, `"no-such-bucket"`)
	f.env["AWS_SECRET_ACCESS_KEY"] = ""
	f.mustFail("s3://wrong/m", origin.ReasonCredentials, "AWS_SECRET_ACCESS_KEY")
	f = newTester(t, s3Env("http://127.0.0.1:1"))
	f.mustFail("s3://wrong/m", origin.ReasonConnection, "nothing listens")
	f = newTester(t, s3Env(strings.Replace(store.URL, "http:", "https:", 1)))
	f.mustFail("s3://wrong/m", origin.ReasonTLS, "does not speak TLS")
	f.options.CABundle = filepath.Join(t.TempDir(), "none.pem")
	f.mustFail("s3://wrong/m", origin.ReasonTLS, "--ca")
}

func TestS3RefusesCredentials(t *testing.T) {
	t.Parallel()
	store := running(t, guardedMoto)
	store.Put(t, "guarded", map[string][]byte{"m/model.onnx": []byte("one")})
	store.RefuseStrangers(t, true)
	f := newTester(t, s3Env(store.URL))
	f.env["AWS_ACCESS_KEY_ID"] = "AKIANOBODY"
	err := f.failure("s3://guarded/m", origin.ReasonCredentials, "AWS_ACCESS_KEY_ID", "403")
	if strings.Contains(err.Error(), "testsecretvalue") || strings.Contains(err.Error(), "AKIANOBODY") {
		t.Errorf("%q holds a credential", err)
	}
}

func TestS3PublicBucketNeedsNoCredentials(t *testing.T) {
	t.Parallel()
	var signed atomic.Bool
	url := serveWeb(t, func(w http.ResponseWriter, r *http.Request) {
		signed.Store(signed.Load() || r.Header.Get("Authorization") != "")
		if r.URL.Query().Has("list-type") {
			_, _ = io.WriteString(w, `<ListBucketResult><Contents><Key>m/a</Key><Size>1</Size><ETag>"e"</ETag>`+
				map[bool]string{true: "<LastModified>2026-01-01T00:00:00.000Z</LastModified>"}[!strings.Contains(r.URL.Path, "odd")]+`</Contents></ListBucketResult>`)
			return
		}
		_, _ = io.WriteString(w, "x")
	})
	f := newTester(t, map[string]string{"AWS_ENDPOINT_URL": url, "awsAnonymousCredential": "true"})
	f.mustFail("s3://odd/m", origin.ReasonServer, "lacks")
	f.mustFetch("s3://public/m")
	f.want(map[string][]byte{"a": []byte("x")})
	if signed.Load() {
		t.Error("a request was signed")
	}
}

// Credentials that are configured and can't be had are said to be so: a store would say of a request without them, at best, that
// it is refused.
func TestS3CredentialsThatCannotBeHad(t *testing.T) {
	t.Parallel()
	store := running(t, moto)
	store.Put(t, "unread", map[string][]byte{"m/model.onnx": []byte("one")})
	for name, profile := range map[string]string{
		"a session of SSO that has ended": "sso_start_url = https://127.0.0.1:1/start\nsso_region = eu-central-1\nsso_account_id = 123456789012\nsso_role_name = reader\n",
		"a program that fails":            "credential_process = false\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := filepath.Join(t.TempDir(), "config")
			if err := os.WriteFile(config, []byte("[default]\n"+profile), 0o600); err != nil {
				t.Fatal(err)
			}
			f := newTester(t, map[string]string{"AWS_ENDPOINT_URL": store.URL, "AWS_CONFIG_FILE": config, "AWS_SHARED_CREDENTIALS_FILE": "/dev/null"})
			f.mustFail("s3://unread/m", origin.ReasonCredentials, "aws sso login", "AWS_PROFILE")
		})
	}
	// With none at all the store is asked as a stranger asks, which this one refuses.
	f := newTester(t, map[string]string{
		"AWS_ENDPOINT_URL": store.URL, "AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null", "AWS_EC2_METADATA_DISABLED": "true",
	})
	f.mustFail("s3://unread/m", origin.ReasonCredentials, "403")
}

func TestS3StorageConfig(t *testing.T) {
	t.Parallel()
	store := running(t, moto)
	store.Put(t, "configured", map[string][]byte{"m/model.onnx": []byte("one")})
	f := newTester(t, map[string]string{
		"STORAGE_CONFIG":          `{"type":"s3","endpoint_url":"http://127.0.0.1:1","access_key_id":"a","secret_access_key":"b","region":"eu-central-1"}`,
		"STORAGE_OVERRIDE_CONFIG": `{"endpoint_url":"` + store.URL + `"}`,
		"AWS_CONFIG_FILE":         "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
	})
	f.mustFetch("s3://configured/m")
	f.want(map[string][]byte{"model.onnx": []byte("one")})
	f.env["STORAGE_CONFIG"] = `{"secret": "swordfish"`
	if err := f.fetch("s3://configured/m"); err == nil || strings.Contains(err.Error(), "swordfish") {
		t.Errorf("got %v", err)
	}
}

// big is an object of several chunks.
const big = 40 << 20

func TestCutConnectionGoesOnWhereItStopped(t *testing.T) {
	t.Parallel()
	store := running(t, moto)
	data := noise("cut", big)
	store.Put(t, "cut", map[string][]byte{"m/model.bin": data})
	faults := stores.NewFaults(t, store.URL, "model.bin")
	f := newTester(t, s3Env(faults.URL))

	faults.CutAfter(big / 2)
	f.mustFail("s3://cut/m", origin.ReasonConnection, "model.bin", "goes on where this one stopped")
	first := faults.Sent.Load()
	faults.Mend()
	f.mustFetch("s3://cut/m")
	f.want(map[string][]byte{"model.bin": data})
	// What was on its way when a connection was cut is lost, a few buffers of it for each.
	if all := faults.Sent.Load(); all > big+8*(1<<20) {
		t.Errorf("%d bytes were sent, %d of them before the cut, for an object of %d", all, first, big)
	}
	if first < big/4 {
		t.Errorf("only %d bytes came before the cut", first)
	}
}

func TestAnswersOfATroubledServerAreTriedAgain(t *testing.T) {
	t.Parallel()
	store := running(t, moto)
	store.Put(t, "troubled", map[string][]byte{"m/model.bin": []byte("data")})
	faults := stores.NewFaults(t, store.URL, "model.bin")
	f := newTester(t, s3Env(faults.URL))
	faults.Refuse(http.StatusServiceUnavailable, http.StatusInternalServerError)
	f.mustFetch("s3://troubled/m")
	faults.Refuse(503, 503, 503)
	f = newTester(t, s3Env(faults.URL))
	f.mustFail("s3://troubled/m", origin.ReasonServer, "503")
}

func TestSilentServerIsAStall(t *testing.T) {
	t.Parallel()
	store := running(t, moto)
	store.Put(t, "stall", map[string][]byte{"m/model.bin": noise("stall", 1<<20)})
	faults := stores.NewFaults(t, store.URL, "model.bin")
	f := newTester(t, s3Env(faults.URL))
	faults.HoldAfter(100_000)
	f.options.Stall, f.options.Attempts = time.Second, 1
	f.mustFail("s3://stall/m", origin.ReasonStalled, "--stall-timeout")
}

func TestKilledFetchIsGoneOnWith(t *testing.T) {
	t.Parallel()
	store := running(t, moto)
	data := noise("killed", big)
	store.Put(t, "killed", map[string][]byte{"m/model.bin": data})
	faults := stores.NewFaults(t, store.URL, "model.bin")
	f := newTester(t, s3Env(faults.URL))

	faults.HoldAfter(big / 2)
	cmd := command(t, f.env, "s3://killed/m", f.dir, f.options.Cache)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "half of the object", func() bool { return faults.Sent.Load() >= big/2 && partialBytes(f.options.Cache) > big/4 })
	if _, err := os.Lstat(f.dir); err == nil {
		t.Error("the model's directory is there before all of it is")
	}
	_ = cmd.Process.Signal(syscall.SIGKILL)
	_ = cmd.Wait()
	if _, err := os.Lstat(f.dir); err == nil {
		t.Error("the model's directory is there though the fetch was killed")
	}
	faults.Mend()
	f.mustFetch("s3://killed/m")
	f.want(map[string][]byte{"model.bin": data})
	if all := faults.Sent.Load(); all > big+16<<20 {
		t.Errorf("%d bytes were sent for an object of %d", all, big)
	}
}

// partialBytes is how much of partial objects the state files say has come.
func partialBytes(cache string) int64 {
	names, _ := filepath.Glob(filepath.Join(cache, "partial", "*.state"))
	var sum int64
	for _, name := range names {
		data, err := os.ReadFile(name)
		for i := 1024; err == nil && i+8 <= len(data); i += 8 {
			for j := range 8 {
				sum += int64(data[i+j]) << (8 * j)
			}
		}
	}
	return sum
}

// waitFor waits for a state that a process brings about.
func waitFor(t *testing.T, what string, there func() bool) {
	t.Helper()
	deadline := time.Now().Add(90 * time.Second)
	for !there() {
		if time.Now().After(deadline) {
			t.Fatalf("%s did not come", what)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func TestTwoProcessesFetchOnce(t *testing.T) {
	t.Parallel()
	store := running(t, moto)
	data := noise("twice", big)
	store.Put(t, "twice", map[string][]byte{"m/model.bin": data})
	faults := stores.NewFaults(t, store.URL, "model.bin")
	f := newTester(t, s3Env(faults.URL))
	var both sync.WaitGroup
	var dirs []string
	for _, name := range []string{"a", "b"} {
		dir := filepath.Join(t.TempDir(), name)
		dirs = append(dirs, dir)
		cmd := command(t, f.env, "s3://twice/m", dir, f.options.Cache)
		both.Go(func() {
			if err := cmd.Run(); err != nil {
				t.Errorf("%v: %s", err, cmd.Stderr)
			}
		})
	}
	both.Wait()
	for _, dir := range dirs {
		wantFiles(t, dir, map[string][]byte{"model.bin": data})
	}
	if sent := faults.Sent.Load(); sent != big {
		t.Errorf("%d bytes were sent for an object of %d", sent, big)
	}
}

// The parts of one object are on their way at once: with all of them held back, as many requests wait.
func TestPartsAreReadSideBySide(t *testing.T) {
	t.Parallel()
	store := running(t, moto)
	data := noise("parts", big)
	store.Put(t, "parts", map[string][]byte{"m/model.bin": data})
	faults := stores.NewFaults(t, store.URL, "model.bin")
	faults.HoldAfter(0)
	f := newTester(t, s3Env(faults.URL))
	f.options.Stall = 90 * time.Second
	var fetching sync.WaitGroup
	fetching.Go(func() {
		if err := f.fetch("s3://parts/m"); err != nil {
			t.Error(err)
		}
	})
	const parts = (big + 16<<20 - 1) / (16 << 20)
	waitFor(t, "a request for each part", func() bool { return faults.Held.Load() == parts })
	faults.Mend()
	fetching.Wait()
	f.want(map[string][]byte{"model.bin": data})
}

// A model that two services share stands once on the disk: the second directory has the same files.
func TestServicesShareTheCache(t *testing.T) {
	t.Parallel()
	store := running(t, moto)
	store.Put(t, "shared", map[string][]byte{"m/model.bin": []byte("data"), "copy/other.bin": []byte("data")})
	faults := stores.NewFaults(t, store.URL, "model.bin")
	f := newTester(t, s3Env(faults.URL))
	var infos []os.FileInfo
	for _, model := range []struct{ uri, file string }{{"s3://shared/m", "model.bin"}, {"s3://shared/m", "model.bin"}, {"s3://shared/copy", "other.bin"}} {
		f.dir += "x"
		f.mustFetch(model.uri)
		info, err := os.Stat(filepath.Join(f.dir, model.file))
		if err != nil {
			t.Fatal(err)
		}
		infos = append(infos, info)
	}
	if !os.SameFile(infos[0], infos[1]) || !os.SameFile(infos[0], infos[2]) {
		t.Error("one content takes the disk's space twice")
	}
	if reads := faults.Reads.Load(); reads != 1 {
		t.Errorf("the object was read %d times", reads)
	}
}

func TestFullDisk(t *testing.T) {
	t.Parallel()
	store := running(t, moto)
	store.Put(t, "full", map[string][]byte{"m/model.bin": noise("full", big)})
	// A server that does not tell the size: only the disk itself can say that it is full.
	endless := newEndless(t, big)
	for name, uri := range map[string]string{"by the listing": "s3://full/m", "while it comes": endless + "/model.bin"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			disk := t.TempDir()
			env := s3Env(store.URL)
			env[tmpfsVariable] = "24m:" + disk
			cmd := command(t, env, uri, filepath.Join(disk, "model"), filepath.Join(disk, "cache"))
			inOwnMounts(cmd)
			err := cmd.Run()
			var exit *exec.ExitError
			text := cmd.Stderr.(*bytes.Buffer).String()
			if err == nil || !asExit(err, &exit) || exit.ExitCode() != 1 || !strings.Contains(text, "DiskFull") {
				t.Fatalf("got %v: %s", err, text)
			}
		})
	}
}

// inOwnMounts lets a process mount disks that nobody else sees.
func inOwnMounts(cmd *exec.Cmd) {
	cmd.SysProcAttr.Cloneflags = syscall.CLONE_NEWNS
	if os.Getuid() != 0 {
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
	}
	cmd.SysProcAttr.Unshareflags = syscall.CLONE_NEWNS // with its mounts private, whatever ours are
}

func asExit(err error, exit **exec.ExitError) bool {
	e, ok := err.(*exec.ExitError) //nolint:errorlint // as Run gives it
	*exit = e
	return ok
}

func newEndless(t *testing.T, size int64) string {
	t.Helper()
	return serveWeb(t, func(w http.ResponseWriter, _ *http.Request) {
		_ = http.NewResponseController(w).Flush() // the size is not told
		_, _ = io.CopyN(w, zeros{}, size)
	})
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func TestProgressReachesItsEnd(t *testing.T) {
	t.Parallel()
	store := running(t, moto)
	store.Put(t, "progress", map[string][]byte{"m/a": noise("a", 3<<20), "m/b": noise("b", 1<<20)})
	f := newTester(t, s3Env(store.URL))
	var last atomic.Pointer[storage.Progress]
	f.options.Progress = func(p storage.Progress) { last.Store(&p) }
	f.mustFetch("s3://progress/m")
	if p := last.Load(); p.Bytes != 4<<20 || p.Total != 4<<20 || p.Fetched != 4<<20 || p.Files != 2 || p.TotalFiles != 2 || p.Rate <= 0 {
		t.Errorf("got %+v", p)
	}
	f.dir += "2"
	f.mustFetch("s3://progress/m")
	if p := last.Load(); p.Bytes != 4<<20 || p.Fetched != 0 {
		t.Errorf("the second time got %+v", p)
	}
}
