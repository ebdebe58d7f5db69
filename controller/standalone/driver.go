package standalone

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/sluice-serving/sluice/controller/engine"
	"github.com/sluice-serving/sluice/controller/plan/settings"
	"github.com/sluice-serving/sluice/xds/envoy"
	"github.com/sluice-serving/sluice/xds/server"
)

// Engine runs Deployments as processes; [engine.Engine] does.
type Engine interface {
	Apply(deployment *appsv1.Deployment, refs engine.References)
	Delete(key types.NamespacedName)
	// Retire ends what was adopted from a run before and nothing has been applied for.
	Retire()
	// Changes gives the Deployments that have changed since the last call, each as it is now.
	Changes() []engine.Change
}

// Envoys are the data planes that the published resources reach; [server.Server] does it.
type Envoys interface {
	Publish(set []envoy.Resource, remove []envoy.Key) server.Revision
	// Retain lets Envoy keep what it has of resources from a run before, until they are published or removed.
	Retain(keys []envoy.Key)
	Wait(ctx context.Context, revision server.Revision) error
	Rejections() []server.Rejection
	Clients() []server.Client
	Acknowledgements() map[envoy.Key][]string
	Dump() []envoy.Resource
	Changed() <-chan struct{}
}

// Traffic tells what Envoy has in flight; a proxy.Proxy does.
type Traffic interface {
	// ActiveRequests gives the number of requests for each backend named, or for all if none is, and, in it, each endpoint
	// "address:port".
	ActiveRequests(ctx context.Context, backends ...string) (map[string]map[string]int, error)
	// Running says whether there is an Envoy process. What has none has nothing in flight; what can't be asked may.
	Running() bool
}

// Options are what a [Driver] is made of. All but ContainerEngine must be set.
type Options struct {
	// Paths are directories, manifests or model files.
	Paths []string
	// StateDir keeps what has to survive a restart.
	StateDir string
	// Listen is the IP address, and HTTPPort the port, of the listener that sluice opens by itself.
	Listen   string
	HTTPPort uint16
	// Serving is the certificate that HTTPSPort is opened with; without one it is not opened.
	Serving   KeyPair
	HTTPSPort uint16
	// CertifiedName is a name of the serving certificate, to be shown in addresses; "" shows the address.
	CertifiedName string
	// Hosts are further names, beside localhost, under which models answer by their name in the path.
	Hosts []string
	// ContainerEngine is podman, docker or nerdctl, or empty if there is none.
	ContainerEngine string
	// BundledFormats are the model formats that `sluice serve` reads.
	BundledFormats []string
	Listener       envoy.Options
	// Version is sluice's own, for the server metadata of plain localhost.
	Version string
	Logger  *slog.Logger
}

// Driver carries manifests through both stages to processes and Envoy, and keeps them so.
type Driver struct {
	options  Options
	settings settings.Settings

	// engineChanged holds a token when pods have changed since the loop last looked.
	engineChanged chan struct{}
	// drains are the pods that the engine wants to end.
	drains chan *drain
	// stopped is closed when the loop has ended: nobody waits for it any more.
	stopped chan struct{}

	shelf   *shelf
	changed broadcast
	// parts is set by Run before it shows the first view.
	parts  atomic.Pointer[parts]
	models modelClient
}

// parts are the layers below the driver, which [Driver.Explain] asks directly.
type parts struct {
	envoys Envoys
}

// New makes a driver; [Driver.Run] starts it.
func New(o Options) *Driver {
	d := &Driver{
		options:       o,
		engineChanged: make(chan struct{}, 1),
		drains:        make(chan *drain),
		stopped:       make(chan struct{}),
		models:        newModelClient(),
		shelf:         newShelf(),
	}
	d.settings = settings.Standalone(settings.Local{
		ContainerEngine: o.ContainerEngine,
		BundledFormats:  o.BundledFormats,
	}, int32(o.HTTPPort))
	d.settings.ReasonsAlone = Exposed(o.Listen)
	return d
}

// EngineChanged tells the driver to look at the engine again. It never waits.
func (d *Driver) EngineChanged() {
	select {
	case d.engineChanged <- struct{}{}:
	default:
	}
}

// Run reads the directories and carries every change through, until ctx ends. It leaves processes and Envoy
// as they are: their owners end them.
func (d *Driver) Run(ctx context.Context, processes Engine, envoys Envoys, traffic Traffic) error {
	defer close(d.stopped)
	d.parts.Store(&parts{envoys: envoys})
	l, err := newLoop(d, processes, envoys, traffic)
	if err != nil {
		return err
	}
	defer l.watcher.close()

	filesChanged := make(chan touchedPaths)
	var running sync.WaitGroup
	defer running.Wait()
	running.Go(func() { l.watcher.run(ctx, filesChanged) })
	running.Go(func() { l.revealer.run(ctx, envoys, traffic, d.reveal) })

	sweep := time.NewTicker(sweepEvery)
	defer sweep.Stop()
	digest := time.NewTicker(digestEvery)
	defer digest.Stop()
	walk := time.NewTicker(walkEvery)
	defer walk.Stop()
	l.recoverRun(ctx)
	l.renewCertificate(time.Now())
	l.readFirst()
	l.settle(ctx, &running)
	l.retire()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-sweep.C:
			l.sweep(ctx, &running)
			if stored := l.storeAgain(time.Now()); !l.foundMissing() && !stored {
				continue
			}
		case <-digest.C:
			l.lookAtModels(ctx, &running)
			if !l.renewCertificate(time.Now()) {
				continue
			}
		case <-walk.C:
			if !l.readUnwatched() {
				continue
			}
		case found := <-l.modelLooks:
			if !l.foundReplaced(found) {
				continue
			}
		case touched := <-filesChanged:
			l.readTouched(touched)
		case <-d.engineChanged:
		case <-envoys.Changed():
		case request := <-d.drains:
			l.startDrain(request)
		case found := <-l.looks:
			l.releaseIdle(found)
		}
		l.settle(ctx, &running)
		l.retire()
	}
}

// reveal puts a view in force.
func (d *Driver) reveal(v *view) {
	d.shelf.put(v)
	d.changed.notify()
}

// newLoop makes the loop's state: the stored revisions, the default runtimes and our own Gateway.
func newLoop(d *Driver, processes Engine, envoys Envoys, traffic Traffic) (*loop, error) {
	watcher, err := newWatcher(d.options.Logger)
	if err != nil {
		return nil, err
	}
	runtimes, err := defaultRuntimes()
	if err != nil {
		return nil, err
	}
	l := emptyLoop()
	l.driver, l.engine, l.envoys, l.traffic, l.logger = d, processes, envoys, traffic, d.options.Logger
	l.watcher, l.directory = watcher, newDirectory(d.options.Paths)
	l.surroundings = newSurroundings(runtimes, d.options.StateDir)
	l.revisions = revisionStore{filepath.Join(d.options.StateDir, "revisions")}
	l.good = newGoodKeeper(filepath.Join(d.options.StateDir, "lastgood"))
	l.routing = newRouting(d.options)
	stored, err := l.revisions.load()
	if err != nil {
		// Not fatal: those services start their history anew, and their pods are untouched by that.
		l.logger.Warn("some stored revisions can't be read", "error", err)
	}
	l.stored = stored
	gateway := newGateway(d.settings.Ingress.Gateway, d.options.HTTPPort)
	if d.options.Serving != (KeyPair{}) {
		gateway.Spec.Listeners = append(gateway.Spec.Listeners, httpsListener(d.options.HTTPSPort))
		l.certificate.files = d.options.Serving
	}
	l.routing.set(builtIn, gateway)
	return l, nil
}

// broadcast lets any number of goroutines wait for the next change. Its zero value is ready.
type broadcast struct {
	mu   sync.Mutex
	next chan struct{}
}

// wait gives a channel that is closed at the next notify.
func (b *broadcast) wait() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.next == nil {
		b.next = make(chan struct{})
	}
	return b.next
}

func (b *broadcast) notify() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.next != nil {
		close(b.next)
		b.next = nil
	}
}

// Changed gives a channel that is closed when the services or problems shown next change.
func (d *Driver) Changed() <-chan struct{} { return d.changed.wait() }

// podKey identifies a pod.
type podKey struct{ namespace, name string }

func (k podKey) String() string { return fmt.Sprintf("%s/%s", k.namespace, k.name) }
