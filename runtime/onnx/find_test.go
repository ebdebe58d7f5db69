package onnx

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTheLibraryIsLookedForWhereItWasNamedElseInTheCache(t *testing.T) {
	t.Parallel()
	tests := []struct {
		explicit string
		env      map[string]string
		want     []string
	}{
		{"/a", map[string]string{EnvLibrary: "/b"}, []string{"/a"}},
		{"", map[string]string{EnvLibrary: "/b", "HOME": "/h"}, []string{"/b"}},
		{"", map[string]string{"SLUICE_CACHE": "/c", "HOME": "/h"}, []string{"/c/onnxruntime/1.32.0/libonnxruntime.so", "libonnxruntime.so", "libonnxruntime.so.1"}},
		{"", map[string]string{"XDG_CACHE_HOME": "/x", "HOME": "/h"}, []string{"/x/sluice/onnxruntime/1.32.0/libonnxruntime.so", "libonnxruntime.so", "libonnxruntime.so.1"}},
		{"", map[string]string{"HOME": "/h"}, []string{"/h/.cache/sluice/onnxruntime/1.32.0/libonnxruntime.so", "libonnxruntime.so", "libonnxruntime.so.1"}},
		{"", nil, []string{"libonnxruntime.so", "libonnxruntime.so.1"}},
	}
	for _, test := range tests {
		var got []string
		for _, c := range candidates(test.explicit, func(name string) string { return test.env[name] }) {
			got = append(got, c.path)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%q %v:\n%s", test.explicit, test.env, diff)
		}
	}
}
