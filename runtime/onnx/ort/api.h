// The part of onnxruntime's C API that Sluice calls.
//
// onnxruntime hands out its API as one table of function pointers, whose order
// is fixed for ever: a release only adds at the end. So the table can be
// declared with the entries that are used typed and the others left as gaps,
// which spares 10,000 lines of header. The order is that of onnxruntime_c_api.h
// of API version 24 (onnxruntime 1.24); gaps are named for their first index.
#ifndef SLUICE_ORT_API_H
#define SLUICE_ORT_API_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct OrtAllocator OrtAllocator;
typedef struct OrtEnv OrtEnv;
typedef struct OrtMapTypeInfo OrtMapTypeInfo;
typedef struct OrtMemoryInfo OrtMemoryInfo;
typedef struct OrtRunOptions OrtRunOptions;
typedef struct OrtSequenceTypeInfo OrtSequenceTypeInfo;
typedef struct OrtSession OrtSession;
typedef struct OrtSessionOptions OrtSessionOptions;
typedef struct OrtStatus OrtStatus;
typedef struct OrtTensorTypeAndShapeInfo OrtTensorTypeAndShapeInfo;
typedef struct OrtTypeInfo OrtTypeInfo;
typedef struct OrtValue OrtValue;

typedef struct OrtApi {
  void *unused_0[1];
  int(*GetErrorCode)(const OrtStatus* status);
  const char *(*GetErrorMessage)(const OrtStatus* status);
  OrtStatus *(*CreateEnv)(int log_severity_level, const char* logid, OrtEnv** out);
  void *unused_4[3];
  OrtStatus *(*CreateSession)(const OrtEnv* env, const char* model_path, const OrtSessionOptions* options, OrtSession** out);
  void *unused_8[1];
  OrtStatus *(*Run)(OrtSession* session, const OrtRunOptions* run_options, const char* const* input_names, const OrtValue* const* inputs, size_t input_len, const char* const* output_names, size_t output_names_len, OrtValue** outputs);
  OrtStatus *(*CreateSessionOptions)(OrtSessionOptions** options);
  void *unused_11[13];
  OrtStatus *(*SetIntraOpNumThreads)(OrtSessionOptions* options, int intra_op_num_threads);
  OrtStatus *(*SetInterOpNumThreads)(OrtSessionOptions* options, int inter_op_num_threads);
  void *unused_26[4];
  OrtStatus *(*SessionGetInputCount)(const OrtSession* session, size_t* out);
  OrtStatus *(*SessionGetOutputCount)(const OrtSession* session, size_t* out);
  void *unused_32[1];
  OrtStatus *(*SessionGetInputTypeInfo)(const OrtSession* session, size_t index, OrtTypeInfo** type_info);
  OrtStatus *(*SessionGetOutputTypeInfo)(const OrtSession* session, size_t index, OrtTypeInfo** type_info);
  void *unused_35[1];
  OrtStatus *(*SessionGetInputName)(const OrtSession* session, size_t index, OrtAllocator* allocator, char** value);
  OrtStatus *(*SessionGetOutputName)(const OrtSession* session, size_t index, OrtAllocator* allocator, char** value);
  void *unused_38[1];
  OrtStatus *(*CreateRunOptions)(OrtRunOptions** out);
  void *unused_40[6];
  OrtStatus *(*RunOptionsSetTerminate)(OrtRunOptions* options);
  void *unused_47[1];
  OrtStatus *(*CreateTensorAsOrtValue)(OrtAllocator* allocator, const int64_t* shape, size_t shape_len, int type, OrtValue** out);
  OrtStatus *(*CreateTensorWithDataAsOrtValue)(const OrtMemoryInfo* info, void* p_data, size_t p_data_len, const int64_t* shape, size_t shape_len, int type, OrtValue** out);
  void *unused_50[1];
  OrtStatus *(*GetTensorMutableData)(OrtValue* value, void** out);
  void *unused_52[1];
  OrtStatus *(*GetStringTensorDataLength)(const OrtValue* value, size_t* len);
  OrtStatus *(*GetStringTensorContent)(const OrtValue* value, void* s, size_t s_len, size_t* offsets, size_t offsets_len);
  OrtStatus *(*CastTypeInfoToTensorInfo)(const OrtTypeInfo* type_info, const OrtTensorTypeAndShapeInfo** out);
  OrtStatus *(*GetOnnxTypeFromTypeInfo)(const OrtTypeInfo* type_info, int* out);
  void *unused_57[3];
  OrtStatus *(*GetTensorElementType)(const OrtTensorTypeAndShapeInfo* info, int* out);
  OrtStatus *(*GetDimensionsCount)(const OrtTensorTypeAndShapeInfo* info, size_t* out);
  OrtStatus *(*GetDimensions)(const OrtTensorTypeAndShapeInfo* info, int64_t* dim_values, size_t dim_values_length);
  void *unused_63[2];
  OrtStatus *(*GetTensorTypeAndShape)(const OrtValue* value, OrtTensorTypeAndShapeInfo** out);
  void *unused_66[1];
  OrtStatus *(*GetValueType)(const OrtValue* value, int* out);
  void *unused_68[1];
  OrtStatus *(*CreateCpuMemoryInfo)(int, int, OrtMemoryInfo** out);
  void *unused_70[6];
  OrtStatus *(*AllocatorFree)(OrtAllocator* ort_allocator, void* p);
  void *unused_77[1];
  OrtStatus *(*GetAllocatorWithDefaultOptions)(OrtAllocator** out);
  void *unused_79[1];
  OrtStatus *(*GetValue)(const OrtValue* value, int index, OrtAllocator* allocator, OrtValue** out);
  OrtStatus *(*GetValueCount)(const OrtValue* value, size_t* out);
  void *unused_82[10];
  void(*ReleaseEnv)(OrtEnv * input);
  void(*ReleaseStatus)(OrtStatus * input);
  void(*ReleaseMemoryInfo)(OrtMemoryInfo * input);
  void(*ReleaseSession)(OrtSession * input);
  void(*ReleaseValue)(OrtValue * input);
  void(*ReleaseRunOptions)(OrtRunOptions * input);
  void(*ReleaseTypeInfo)(OrtTypeInfo * input);
  void(*ReleaseTensorTypeAndShapeInfo)(OrtTensorTypeAndShapeInfo * input);
  void(*ReleaseSessionOptions)(OrtSessionOptions * input);
  void *unused_101[2];
  OrtStatus *(*CastTypeInfoToMapTypeInfo)(const OrtTypeInfo* type_info, const OrtMapTypeInfo** out);
  OrtStatus *(*CastTypeInfoToSequenceTypeInfo)(const OrtTypeInfo* type_info, const OrtSequenceTypeInfo** out);
  OrtStatus *(*GetMapKeyType)(const OrtMapTypeInfo* map_type_info, int* out);
  OrtStatus *(*GetMapValueType)(const OrtMapTypeInfo* map_type_info, OrtTypeInfo** type_info);
  OrtStatus *(*GetSequenceElementType)(const OrtSequenceTypeInfo* sequence_type_info, OrtTypeInfo** type_info);
  void *unused_108[22];
  OrtStatus *(*AddSessionConfigEntry)(OrtSessionOptions* options, const char* config_key, const char* config_value);
  void *unused_131[121];
  OrtStatus *(*GetResizedStringTensorElementBuffer)(OrtValue* value, size_t index, size_t length_in_bytes, char** buffer);
  void *unused_253[137];
  bool(*TensorTypeAndShape_HasShape)(const OrtTensorTypeAndShapeInfo* info);
} OrtApi;

typedef struct OrtApiBase {
  const OrtApi *(*GetApi)(uint32_t version);
  const char *(*GetVersionString)(void);
} OrtApiBase;

#endif
