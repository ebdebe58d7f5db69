package manifest

import "strings"

// segmentsOf cuts a field path, such as spec.containers[0].name or metadata.annotations[a.b/c], into names and
// indexes.
func segmentsOf(path string) []string {
	var segments []string
	for path != "" {
		switch path[0] {
		case '.':
			path = path[1:]
		case '[':
			end := strings.IndexByte(path, ']')
			if end < 0 {
				return append(segments, path[1:])
			}
			segments = append(segments, path[1:end])
			path = path[end+1:]
		default:
			end := strings.IndexAny(path, ".[")
			if end < 0 {
				return append(segments, path)
			}
			segments = append(segments, path[:end])
			path = path[end:]
		}
	}
	return segments
}
