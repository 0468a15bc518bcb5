// Memory is wiped as it is given back. What was disclosed passes through many buffers on its way
// (requests, JSON, blocks and memtables of the store); once it is erased, none of them may still
// hold it, and no single place could wipe them all. The store is linked to this allocator too.
#include <malloc.h>
#include <openssl/crypto.h>

#include <cstdlib>
#include <cstring>
#include <new>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define RELAIS_SANITIZED
#endif
#endif

#ifndef RELAIS_SANITIZED

namespace {

/// A memset that is not left out although nobody reads what it wrote.
void wipe_and_free(void* p, std::size_t bytes) noexcept {
  std::memset(p, 0, bytes);
  asm volatile("" ::"r"(p) : "memory");
  std::free(p);
}

void wipe_and_free(void* p) noexcept {
  if (p != nullptr) wipe_and_free(p, ::malloc_usable_size(p));
}

void* take(std::size_t bytes) {
  for (;;) {
    if (void* p = std::malloc(bytes == 0 ? 1 : bytes)) return p;
    const std::new_handler handler = std::get_new_handler();
    if (handler == nullptr) throw std::bad_alloc();
    handler();
  }
}

void* take_aligned(std::size_t bytes, std::align_val_t alignment) {
  const auto to = static_cast<std::size_t>(alignment);
  for (;;) {
    if (void* p = std::aligned_alloc(to, (bytes + to - 1) / to * to)) return p;
    const std::new_handler handler = std::get_new_handler();
    if (handler == nullptr) throw std::bad_alloc();
    handler();
  }
}

// OpenSSL's buffers of TLS, before it takes its first memory.
const bool kOpensslWipes =
    ::CRYPTO_set_mem_functions(
        [](std::size_t bytes, const char*, int) { return std::malloc(bytes); },
        [](void* p, std::size_t bytes, const char*, int) -> void* {
          if (p == nullptr) return std::malloc(bytes);
          const std::size_t had = ::malloc_usable_size(p);
          if (bytes <= had && bytes > had / 2) return p;
          void* fresh = bytes == 0 ? nullptr : std::malloc(bytes);
          if (fresh == nullptr && bytes != 0) return nullptr;
          if (fresh != nullptr) __builtin_memcpy(fresh, p, had < bytes ? had : bytes);
          wipe_and_free(p);
          return fresh;
        },
        [](void* p, const char*, int) { wipe_and_free(p); }) != 0;

}  // namespace

void* operator new(std::size_t bytes) {
  return take(bytes);
}
void* operator new[](std::size_t bytes) {
  return take(bytes);
}
void* operator new(std::size_t bytes, std::align_val_t to) {
  return take_aligned(bytes, to);
}
void* operator new[](std::size_t bytes, std::align_val_t to) {
  return take_aligned(bytes, to);
}
void operator delete(void* p) noexcept {
  wipe_and_free(p);
}
void operator delete[](void* p) noexcept {
  wipe_and_free(p);
}
// Whoever knows the size spares the question for it.
void operator delete(void* p, std::size_t bytes) noexcept {
  if (p != nullptr) wipe_and_free(p, bytes);
}
void operator delete[](void* p, std::size_t bytes) noexcept {
  if (p != nullptr) wipe_and_free(p, bytes);
}
void operator delete(void* p, std::align_val_t) noexcept {
  wipe_and_free(p);
}
void operator delete[](void* p, std::align_val_t) noexcept {
  wipe_and_free(p);
}
void operator delete(void* p, std::size_t, std::align_val_t) noexcept {
  wipe_and_free(p);
}
void operator delete[](void* p, std::size_t, std::align_val_t) noexcept {
  wipe_and_free(p);
}

#endif
