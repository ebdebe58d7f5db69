package plan

import (
	"path"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/sluice-serving/sluice/api/serving/v1beta1"
	"github.com/sluice-serving/sluice/controller/plan/credentials"
)

// Names of what KServe's pod webhook adds to a pod whose model is fetched; here the plan adds it.
const (
	containerInitializer = "storage-initializer"
	volumeFetched        = "kserve-provision-location"
)

// fetchedHere are the schemes that sluice storage fetches, but for those that are mounted.
func fetchedHere() []string { return []string{"s3", "gs", "hf", "https", "http"} }

// fetch has an init container fetch models, all into one volume, with the credentials of the pod's service account.
func (s *scene) fetch(d *draft, sources []source) error {
	if len(sources) == 0 {
		return nil
	}
	account := d.pod.ServiceAccountName
	if account == "" {
		account = d.pod.DeprecatedServiceAccount
	}
	if _, found := s.Credentials.ServiceAccounts[account]; !found && account != "" {
		return refused(ReasonServiceAccountMissing, "%s.serviceAccountName: the ServiceAccount %q, with whose Secrets the model is to be fetched, is missing: add it beside the manifest", d.path, account)
	}
	with := credentials.Of(account, s.Credentials)
	for _, missing := range with.Missing {
		d.notApplied = append(d.notApplied, d.path+".serviceAccountName (its Secret "+missing+" is missing: add it beside the manifest)")
	}
	with.Variables = append(with.Variables, d.storageEnvironment.Variables...)
	with = with.Sorted()
	at := sources[0].at
	for _, from := range sources[1:] {
		at = commonParent(at, from.at)
	}
	if at == "/" {
		return invalid("%s.storageUris: the mount paths have no directory in common but the root: put them below one, as /mnt/models/a and /mnt/models/b", d.path)
	}
	init := corev1.Container{
		Name:                     containerInitializer,
		Command:                  []string{"sluice", "storage"},
		Env:                      with.Variables,
		TerminationMessagePolicy: corev1.TerminationMessageFallbackToLogsOnError,
		VolumeMounts:             append(slices.Clone(with.Mounts), corev1.VolumeMount{Name: volumeFetched, MountPath: at}),
	}
	for _, from := range sources {
		init.Args = append(init.Args, from.uri, from.at)
	}
	d.pod.Volumes = append(d.pod.Volumes, with.Volumes...)
	d.pod.InitContainers = append(d.pod.InitContainers, init)
	s.showModel(d, mount{
		volume: corev1.Volume{Name: volumeFetched, VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}},
		mount:  corev1.VolumeMount{Name: volumeFetched, MountPath: at},
	})
	return nil
}

// commonParent is the longest path that both are at or below.
func commonParent(a, b string) string {
	a, b = path.Clean(a), path.Clean(b)
	for a != b {
		if len(a) < len(b) {
			a, b = b, a
		}
		a = path.Dir(a)
	}
	return a
}

// storageSpec turns a model's storage by Secret into the URI that it stands for.
func (s *scene) storageSpec(d *draft, model *v1beta1.ModelSpec) error {
	spec := model.Storage
	if spec == nil {
		return nil
	}
	if s.settings.Local == nil {
		d.notApplied = append(d.notApplied, d.path+".model.storage (object stores by secret aren't fetched yet)")
		return nil
	}
	asked := credentials.Spec{Key: value(spec.StorageKey), Path: value(spec.Path)}
	if spec.Parameters != nil {
		asked.Parameters = *spec.Parameters
	}
	uri, with, err := credentials.OfSpec(asked, s.Credentials)
	if err != nil {
		return refused(ReasonStorageNotSupported, "%s.model.storage: %v", d.path, err)
	}
	d.storageURI, d.storageField, d.storageEnvironment = strings.TrimSuffix(uri, "/"), d.path+".model.storage", with
	return nil
}
