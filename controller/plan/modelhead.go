package plan

import "bytes"

// HoldsXGBoost tells a file that XGBoost wrote by its first bytes: JSON or UBJSON with a learner in it, or one of the binary
// formats of before.
func HoldsXGBoost(head []byte) bool {
	start := bytes.TrimLeft(head, " \t\r\n")
	switch {
	case len(start) == 0 || HoldsLightGBM(head):
		return false
	case start[0] == '{':
		first := bytes.TrimLeft(start[1:], " \t\r\n")
		isText := len(first) > 0 && first[0] == '"'
		if isText && !bytes.HasPrefix(first, []byte(`"learner"`)) && !bytes.HasPrefix(first, []byte(`"version"`)) {
			return false // some other JSON
		}
		return bytes.Contains(first, []byte("learner"))
	default:
		return bytes.HasPrefix(start, []byte("binf")) || bytes.IndexByte(head, 0) >= 0
	}
}

// HoldsLightGBM tells a file that LightGBM wrote by its first bytes.
func HoldsLightGBM(head []byte) bool {
	return bytes.HasPrefix(head, []byte("tree\n")) || bytes.HasPrefix(head, []byte("tree\r\n"))
}
