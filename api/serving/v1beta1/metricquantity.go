package v1beta1

import (
	"bytes"
	"encoding/json"

	"k8s.io/apimachinery/pkg/api/resource"
)

// MetricQuantity is a quantity that keeps the text it was written as: a threshold of "2.50" is handed on as
// "2.50", which a resource.Quantity alone would turn into 2500m.
//
// +kubebuilder:validation:Type=""
// +kubebuilder:validation:XIntOrString
// +kubebuilder:validation:AnyOf={{type: "integer"},{type: "string"}}
// +kubebuilder:validation:Pattern=`^(\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))))?$`
type MetricQuantity struct {
	// Text as it was written, without quotes.
	Text string `json:"-"`
	// Quantity is the value of Text.
	Quantity resource.Quantity `json:"-"`
}

// String gives the text as it was written.
func (q MetricQuantity) String() string {
	if q.Text != "" {
		return q.Text
	}
	return q.Quantity.String()
}

// MarshalJSON writes the text as it was read.
func (q MetricQuantity) MarshalJSON() ([]byte, error) { return json.Marshal(q.String()) }

// UnmarshalJSON reads a JSON string or number.
func (q *MetricQuantity) UnmarshalJSON(data []byte) error {
	if bytes.Equal(data, []byte("null")) {
		*q = MetricQuantity{}
		return nil
	}
	if err := q.Quantity.UnmarshalJSON(data); err != nil {
		return err
	}
	q.Text = string(bytes.Trim(data, `"`))
	return nil
}
