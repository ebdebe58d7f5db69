#include "bridge.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// API versions to ask for, newest first: 24 tells scalars from unknown ranks,
// 16 has all else that is called here.
static const uint32_t api_versions[] = {24, 16};

char *library_load(Library *lib, const char *path) {
  void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!handle) return strdup(dlerror());
  const OrtApiBase *(*base)(void) = (const OrtApiBase *(*)(void))dlsym(handle, "OrtGetApiBase");
  if (!base) return strdup("it is no onnxruntime library: it has no function OrtGetApiBase");
  lib->version = base()->GetVersionString();
  for (size_t i = 0; i < sizeof api_versions / sizeof *api_versions; i++) {
    // onnxruntime writes a line to stderr about a version that it lacks.
    lib->api = base()->GetApi(api_versions[i]);
    lib->has_shape = api_versions[i] >= 24;
    if (lib->api) return NULL;
  }
  char message[128];
  snprintf(message, sizeof message, "it is onnxruntime %s, and 1.16 is the oldest that works", lib->version);
  return strdup(message);
}

OrtStatus *library_start(Library *lib, int log_level) {
  OrtStatus *status = lib->api->CreateEnv(log_level, "sluice", &lib->env);
  // 1 is the arena allocator, 0 the default memory type.
  if (!status) status = lib->api->CreateCpuMemoryInfo(1, 0, &lib->cpu);
  if (!status) status = lib->api->GetAllocatorWithDefaultOptions(&lib->allocator);
  return status;
}

void library_stop(Library *lib) {
  if (lib->cpu) lib->api->ReleaseMemoryInfo(lib->cpu);
  if (lib->env) lib->api->ReleaseEnv(lib->env);
}

int status_code(const Library *lib, const OrtStatus *status) { return lib->api->GetErrorCode(status); }
const char *status_message(const Library *lib, const OrtStatus *status) { return lib->api->GetErrorMessage(status); }
void status_release(const Library *lib, OrtStatus *status) { lib->api->ReleaseStatus(status); }

OrtStatus *session_open(const Library *lib, const char *path, int threads, OrtSession **out) {
  OrtSessionOptions *options = NULL;
  OrtStatus *status = lib->api->CreateSessionOptions(&options);
  if (status) return status;
  status = lib->api->SetIntraOpNumThreads(options, threads);
  if (!status) status = lib->api->SetInterOpNumThreads(options, 1);
  // Spinning threads win a little latency when a model has the machine for
  // itself, and burn the cores of its neighbours when it has not.
  if (!status) status = lib->api->AddSessionConfigEntry(options, "session.intra_op.allow_spinning", "0");
  if (!status) status = lib->api->CreateSession(lib->env, path, options, out);
  lib->api->ReleaseSessionOptions(options);
  return status;
}

void session_close(const Library *lib, OrtSession *session) { lib->api->ReleaseSession(session); }

OrtStatus *session_count(const Library *lib, const OrtSession *session, bool outputs, size_t *out) {
  return outputs ? lib->api->SessionGetOutputCount(session, out) : lib->api->SessionGetInputCount(session, out);
}

OrtStatus *session_name(const Library *lib, const OrtSession *session, bool outputs, size_t index, char **name) {
  return outputs ? lib->api->SessionGetOutputName(session, index, lib->allocator, name)
                 : lib->api->SessionGetInputName(session, index, lib->allocator, name);
}

OrtStatus *session_type(const Library *lib, const OrtSession *session, bool outputs, size_t index, OrtTypeInfo **type) {
  return outputs ? lib->api->SessionGetOutputTypeInfo(session, index, type) : lib->api->SessionGetInputTypeInfo(session, index, type);
}

OrtStatus *session_run(const Library *lib, OrtSession *session, const OrtRunOptions *options, char **input_names, OrtValue **inputs,
                       size_t input_count, char **output_names, OrtValue **outputs, size_t output_count) {
  return lib->api->Run(session, options, (const char *const *)input_names, (const OrtValue *const *)inputs, input_count,
                       (const char *const *)output_names, output_count, outputs);
}

OrtStatus *name_release(const Library *lib, char *name) { return lib->api->AllocatorFree(lib->allocator, name); }

OrtStatus *run_options(const Library *lib, OrtRunOptions **out) { return lib->api->CreateRunOptions(out); }
OrtStatus *run_terminate(const Library *lib, OrtRunOptions *options) { return lib->api->RunOptionsSetTerminate(options); }
void run_release(const Library *lib, OrtRunOptions *options) { lib->api->ReleaseRunOptions(options); }

OrtStatus *type_kind(const Library *lib, const OrtTypeInfo *type, int *kind) { return lib->api->GetOnnxTypeFromTypeInfo(type, kind); }

OrtStatus *type_tensor(const Library *lib, const OrtTypeInfo *type, const OrtTensorTypeAndShapeInfo **info) {
  return lib->api->CastTypeInfoToTensorInfo(type, info);
}

OrtStatus *type_map(const Library *lib, const OrtTypeInfo *type, int *key, OrtTypeInfo **value) {
  const OrtMapTypeInfo *map = NULL;
  OrtStatus *status = lib->api->CastTypeInfoToMapTypeInfo(type, &map);
  if (!status) status = lib->api->GetMapKeyType(map, key);
  if (!status) status = lib->api->GetMapValueType(map, value);
  return status;
}

OrtStatus *type_sequence(const Library *lib, const OrtTypeInfo *type, OrtTypeInfo **element) {
  const OrtSequenceTypeInfo *sequence = NULL;
  OrtStatus *status = lib->api->CastTypeInfoToSequenceTypeInfo(type, &sequence);
  if (!status) status = lib->api->GetSequenceElementType(sequence, element);
  return status;
}

void type_release(const Library *lib, OrtTypeInfo *type) { lib->api->ReleaseTypeInfo(type); }

OrtStatus *info_describe(const Library *lib, const OrtTensorTypeAndShapeInfo *info, int *element, size_t *rank, bool *any_rank) {
  OrtStatus *status = lib->api->GetTensorElementType(info, element);
  if (!status) status = lib->api->GetDimensionsCount(info, rank);
  if (!status) *any_rank = lib->has_shape ? !lib->api->TensorTypeAndShape_HasShape(info) : *rank == 0;
  return status;
}

OrtStatus *info_dimensions(const Library *lib, const OrtTensorTypeAndShapeInfo *info, int64_t *dims, size_t rank) {
  return lib->api->GetDimensions(info, dims, rank);
}

void info_release(const Library *lib, OrtTensorTypeAndShapeInfo *info) { lib->api->ReleaseTensorTypeAndShapeInfo(info); }

OrtStatus *value_tensor(const Library *lib, void *data, size_t size, const int64_t *shape, size_t rank, int element, OrtValue **out) {
  return lib->api->CreateTensorWithDataAsOrtValue(lib->cpu, data, size, shape, rank, element, out);
}

OrtStatus *value_strings(const Library *lib, const char *text, const size_t *lengths, size_t count, const int64_t *shape, size_t rank,
                         OrtValue **out) {
  const int element_string = 8;
  OrtStatus *status = lib->api->CreateTensorAsOrtValue(lib->allocator, shape, rank, element_string, out);
  for (size_t i = 0; !status && i < count; i++) {
    // By its length, not by a closing NUL: elements may hold any byte.
    char *buffer = NULL;
    status = lib->api->GetResizedStringTensorElementBuffer(*out, i, lengths[i], &buffer);
    if (!status && lengths[i]) memcpy(buffer, text, lengths[i]);
    text += lengths[i];
  }
  return status;
}

OrtStatus *value_kind(const Library *lib, const OrtValue *value, int *kind) { return lib->api->GetValueType(value, kind); }

OrtStatus *value_info(const Library *lib, const OrtValue *value, OrtTensorTypeAndShapeInfo **info) {
  return lib->api->GetTensorTypeAndShape(value, info);
}

OrtStatus *value_data(const Library *lib, OrtValue *value, void **data) { return lib->api->GetTensorMutableData(value, data); }

OrtStatus *value_text_size(const Library *lib, const OrtValue *value, size_t *size) {
  return lib->api->GetStringTensorDataLength(value, size);
}

OrtStatus *value_text(const Library *lib, const OrtValue *value, void *text, size_t size, size_t *offsets, size_t count) {
  return lib->api->GetStringTensorContent(value, text, size, offsets, count);
}

OrtStatus *value_count(const Library *lib, const OrtValue *value, size_t *count) { return lib->api->GetValueCount(value, count); }

OrtStatus *value_item(const Library *lib, const OrtValue *value, int index, OrtValue **item) {
  return lib->api->GetValue(value, index, lib->allocator, item);
}

void value_release(const Library *lib, OrtValue *value) { lib->api->ReleaseValue(value); }
