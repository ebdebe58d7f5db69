// Go can't call through a pointer, and each crossing costs; so each function
// here does one step of a session's or value's life. Those that can fail give a
// status, which is NULL for success and to be released otherwise.
#ifndef SLUICE_ORT_BRIDGE_H
#define SLUICE_ORT_BRIDGE_H

#include "api.h"

typedef struct {
  const OrtApi *api;
  const char *version;
  OrtEnv *env;
  OrtMemoryInfo *cpu;
  OrtAllocator *allocator;
  bool has_shape; // the library is new enough to tell a scalar from an unknown rank
} Library;

// library_load gives NULL, or a message that the caller frees.
char *library_load(Library *lib, const char *path);
OrtStatus *library_start(Library *lib, int log_level);
void library_stop(Library *lib);

int status_code(const Library *lib, const OrtStatus *status);
const char *status_message(const Library *lib, const OrtStatus *status);
void status_release(const Library *lib, OrtStatus *status);

OrtStatus *session_open(const Library *lib, const char *path, int threads, OrtSession **out);
void session_close(const Library *lib, OrtSession *session);
OrtStatus *session_count(const Library *lib, const OrtSession *session, bool outputs, size_t *out);
OrtStatus *session_name(const Library *lib, const OrtSession *session, bool outputs, size_t index, char **name);
OrtStatus *session_type(const Library *lib, const OrtSession *session, bool outputs, size_t index, OrtTypeInfo **type);
OrtStatus *session_run(const Library *lib, OrtSession *session, const OrtRunOptions *options, char **input_names, OrtValue **inputs,
                       size_t input_count, char **output_names, OrtValue **outputs, size_t output_count);
OrtStatus *name_release(const Library *lib, char *name);

OrtStatus *run_options(const Library *lib, OrtRunOptions **out);
OrtStatus *run_terminate(const Library *lib, OrtRunOptions *options);
void run_release(const Library *lib, OrtRunOptions *options);

OrtStatus *type_kind(const Library *lib, const OrtTypeInfo *type, int *kind);
OrtStatus *type_tensor(const Library *lib, const OrtTypeInfo *type, const OrtTensorTypeAndShapeInfo **info);
OrtStatus *type_map(const Library *lib, const OrtTypeInfo *type, int *key, OrtTypeInfo **value);
OrtStatus *type_sequence(const Library *lib, const OrtTypeInfo *type, OrtTypeInfo **element);
void type_release(const Library *lib, OrtTypeInfo *type);

OrtStatus *info_describe(const Library *lib, const OrtTensorTypeAndShapeInfo *info, int *element, size_t *rank, bool *any_rank);
OrtStatus *info_dimensions(const Library *lib, const OrtTensorTypeAndShapeInfo *info, int64_t *dims, size_t rank);
void info_release(const Library *lib, OrtTensorTypeAndShapeInfo *info);

OrtStatus *value_tensor(const Library *lib, void *data, size_t size, const int64_t *shape, size_t rank, int element, OrtValue **out);
OrtStatus *value_strings(const Library *lib, const char *text, const size_t *lengths, size_t count, const int64_t *shape, size_t rank, OrtValue **out);
OrtStatus *value_kind(const Library *lib, const OrtValue *value, int *kind);
OrtStatus *value_info(const Library *lib, const OrtValue *value, OrtTensorTypeAndShapeInfo **info);
OrtStatus *value_data(const Library *lib, OrtValue *value, void **data);
OrtStatus *value_text_size(const Library *lib, const OrtValue *value, size_t *size);
OrtStatus *value_text(const Library *lib, const OrtValue *value, void *text, size_t size, size_t *offsets, size_t count);
OrtStatus *value_count(const Library *lib, const OrtValue *value, size_t *count);
OrtStatus *value_item(const Library *lib, const OrtValue *value, int index, OrtValue **item);
void value_release(const Library *lib, OrtValue *value);

#endif
