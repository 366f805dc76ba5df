// False alarms of the thread sanitizer in libraries. Compiled into every test program: from an
// archive the linker would not take it.
#ifdef __SANITIZE_THREAD__
extern "C" __attribute__((visibility("default"))) const char* __tsan_default_suppressions();
extern "C" const char* __tsan_default_suppressions() {
  return
      // It knows no fences, and Asio counts the owners of a shared executor with one.
      "race:boost::asio::execution::detail::shared_target_executor\n"
      // A new point is locked before the links that lead to it, which nobody else can see yet; and
      // an index is used by one thread at a time.
      "deadlock:hnswlib::HierarchicalNSW\n";
}
#endif
