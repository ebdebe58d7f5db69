package v1beta1

// Framework is one of the old fields of a predictor, each named for the format of its model.
type Framework struct {
	// Format is the field's name and the model's format, such as sklearn.
	Format string
	// Spec is what the field holds.
	Spec *PredictorExtensionSpec
}

// Frameworks gives the framework fields that are set, in the order in which they are declared. The specs are
// the predictor's own, not copies.
func (p *PredictorSpec) Frameworks() []Framework {
	var set []Framework
	for _, f := range p.frameworkFields() {
		if *f.field != nil {
			set = append(set, Framework{Format: f.format, Spec: *f.field})
		}
	}
	return set
}

type frameworkField struct {
	format string
	field  **PredictorExtensionSpec
}

func (p *PredictorSpec) frameworkFields() []frameworkField {
	return []frameworkField{
		{"sklearn", &p.SKLearn},
		{"xgboost", &p.XGBoost},
		{"tensorflow", &p.Tensorflow},
		{"pytorch", &p.PyTorch},
		{"triton", &p.Triton},
		{"onnx", &p.ONNX},
		{"huggingface", &p.HuggingFace},
		{"pmml", &p.PMML},
		{"lightgbm", &p.LightGBM},
		{"paddle", &p.Paddle},
	}
}
