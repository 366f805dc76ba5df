// False alarms of the thread sanitizer in libraries. Compiled into every test program: from an
// archive the linker would not take it.
#ifdef __SANITIZE_THREAD__

// It knows no fences, and Asio counts the owners of a shared executor with one.
extern "C" __attribute__((visibility("default"))) const char* __tsan_default_suppressions();
extern "C" const char* __tsan_default_suppressions() {
  return "race:boost::asio::execution::detail::shared_target_executor\n";
}

// hnswlib locks a new point before the links that lead to it, which nobody else can see yet. The
// stacks of these reports are often lost, so they cannot be told from others. Our own code
// has no mutex.
extern "C" __attribute__((visibility("default"))) const char* __tsan_default_options();
extern "C" const char* __tsan_default_options() { return "detect_deadlocks=0"; }

#endif
