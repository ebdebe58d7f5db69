package v1beta1

import (
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/sluice-serving/sluice/api/serving/rules"
)

// storageTypes are the kinds of store that a key of the storage-config secret may describe.
var storageTypes = []string{"s3", "hdfs", "webhdfs"}

const maxMountPath = 255

func validateStorage(storage *ModelStorageSpec, uri *string, at *field.Path) field.ErrorList {
	if storage == nil {
		return nil
	}
	if uri != nil {
		scheme, _, _ := strings.Cut(*uri, "://")
		if slices.Contains(storageTypes, scheme) {
			return nil
		}
		return field.ErrorList{field.Invalid(at.Child("storageUri"), withoutCredentials(*uri),
			"beside storage, a URI of s3, hdfs or webhdfs is taken; remove storage, or use such a URI")}
	}
	if storage.Parameters == nil {
		return nil
	}
	kind, said := (*storage.Parameters)["type"]
	if !said || slices.Contains(storageTypes, kind) {
		return nil
	}
	return field.ErrorList{field.Invalid(at.Child("storage", "parameters").Key("type"), kind,
		"not a kind of store; use "+rules.Alternatives(storageTypes))}
}

func validateStorageURIs(uris []StorageURI, single string, at *field.Path) field.ErrorList {
	if uris == nil {
		return nil
	}
	var errs field.ErrorList
	if len(uris) == 0 {
		errs = append(errs, field.Required(at, "the list is empty; add an entry or remove it"))
	}
	if single != "" {
		errs = append(errs, field.Forbidden(at, "storageUri is set as well, and only one of them may be; move it into the list"))
	}
	var fetched []string
	claims := map[string]bool{}
	for i, u := range uris {
		errs = append(errs, u.validate(at.Index(i))...)
		mount := u.mountPath()
		switch {
		case !strings.HasPrefix(u.URI, "pvc://"):
			fetched = append(fetched, mount)
		case claims[mount]:
			errs = append(errs, field.Duplicate(at.Index(i).Child("mountPath"), mount))
		default:
			claims[mount] = true
		}
	}
	if len(fetched) > 1 && len(errs) == 0 && commonParent(fetched) == "/" {
		errs = append(errs, field.Invalid(at, strings.Join(fetched, ", "),
			"what is fetched is put into one volume, and these paths share no directory but /; use paths below one directory, such as /mnt/models"))
	}
	return errs
}

func (u *StorageURI) mountPath() string {
	if u.MountPath == "" {
		return DefaultModelMountPath
	}
	return u.MountPath
}

func (u *StorageURI) validate(at *field.Path) field.ErrorList {
	var errs field.ErrorList
	if u.URI == "" {
		errs = append(errs, field.Required(at.Child("uri"), "an entry needs a place to fetch from; set it"))
	}
	mount := u.mountPath()
	problem := ""
	switch {
	case !strings.HasPrefix(mount, "/"):
		problem = "not an absolute path; begin it with /"
	case path.Clean(mount) == "/":
		problem = "the root can't be mounted over; use a directory, such as /mnt/models"
	case strings.Contains(mount, ".."):
		problem = "a path with .. is refused for security; write the path that it leads to"
	case len(mount) > maxMountPath:
		problem = "longer than 255 characters; use a shorter path"
	default:
		return errs
	}
	return append(errs, field.Invalid(at.Child("mountPath"), mount, problem))
}

func commonParent(paths []string) string {
	common := strings.Split(path.Clean(paths[0]), "/")
	for _, p := range paths[1:] {
		parts := strings.Split(path.Clean(p), "/")
		n := 0
		for n < min(len(common), len(parts)) && common[n] == parts[n] {
			n++
		}
		common = common[:n]
	}
	return "/" + strings.TrimPrefix(strings.Join(common, "/"), "/")
}

// keyForm is the form of a key broker's resource, from KServe's confidential spec.
const keyForm = `^kbs:///[\w.-]+/[\w.-]+/[\w.-]+$`

func (c *ConfidentialSpec) validate(uri *string, at *field.Path) field.ErrorList {
	if c == nil || !c.Enabled {
		return nil
	}
	var errs field.ErrorList
	if uri == nil || *uri == "" {
		errs = append(errs, field.Required(at.Child("storageUri"), "confidential files are fetched from a URI; set it"))
	}
	if id := c.ResourceID; id != nil && *id != "" && !regexp.MustCompile(keyForm).MatchString(*id) {
		errs = append(errs, field.Invalid(at.Child("confidential", "resourceId"), *id,
			"not a resource of a key broker; write kbs:///REPOSITORY/TYPE/TAG"))
	}
	return errs
}

// withoutCredentials shows a URI without what may be secret in it: user, password and query.
func withoutCredentials(uri string) string {
	u, err := url.Parse(uri)
	if err != nil {
		return "[not a URI]"
	}
	u.User, u.RawQuery, u.Fragment = nil, "", ""
	return u.String()
}
