"""The store as somebody else's program writes it: RocksDB by its C interface."""
import ctypes
import ctypes.util

from table import Skipped

P = ctypes.c_void_p


def library():
    name = ctypes.util.find_library("rocksdb")
    if name is None:
        raise Skipped("writes into a store, which takes the shared library of RocksDB")
    lib = ctypes.CDLL(name)
    for function in ("options_create", "list_column_families", "open_column_families", "writeoptions_create",
                     "readoptions_create", "create_iterator_cf", "iter_key", "iter_value", "create_column_family"):
        getattr(lib, "rocksdb_" + function).restype = P
    lib.rocksdb_iter_valid.restype = ctypes.c_ubyte
    return lib


class Rocks:
    def __init__(self, path):
        self.lib = library()
        self.error = ctypes.c_char_p()
        count = ctypes.c_size_t()
        self.options = P(self.lib.rocksdb_options_create())
        found = self.call("list_column_families", self.options, str(path).encode(), ctypes.byref(count))
        names = [ctypes.cast(found, ctypes.POINTER(ctypes.c_char_p))[i] for i in range(count.value)]
        handles = (P * count.value)()
        self.db = P(self.call("open_column_families", self.options, str(path).encode(), count.value,
                              (ctypes.c_char_p * count.value)(*names), (P * count.value)(*[self.options.value] * count.value),
                              handles))
        self.families = {name.decode(): P(handle) for name, handle in zip(names, handles, strict=True)}
        self.writing = P(self.lib.rocksdb_writeoptions_create())

    def call(self, function, *arguments):
        result = getattr(self.lib, "rocksdb_" + function)(*arguments, ctypes.byref(self.error))
        if self.error.value:
            raise OSError(self.error.value.decode())
        return result

    def put(self, family, key, value):
        self.call("put_cf", self.db, self.writing, self.families[family], key, ctypes.c_size_t(len(key)), value,
                  ctypes.c_size_t(len(value)))

    def make(self, family):
        self.families[family] = P(self.call("create_column_family", self.db, self.options, family.encode()))

    def records(self, family):
        at = P(self.lib.rocksdb_create_iterator_cf(self.db, P(self.lib.rocksdb_readoptions_create()), self.families[family]))
        self.lib.rocksdb_iter_seek_to_first(at)
        size = ctypes.c_size_t()
        found = []
        while self.lib.rocksdb_iter_valid(at):
            key = ctypes.string_at(self.lib.rocksdb_iter_key(at, ctypes.byref(size)), size.value)
            found.append((key, ctypes.string_at(self.lib.rocksdb_iter_value(at, ctypes.byref(size)), size.value)))
            self.lib.rocksdb_iter_next(at)
        self.lib.rocksdb_iter_destroy(at)
        return found

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for handle in self.families.values():
            self.lib.rocksdb_column_family_handle_destroy(handle)
        self.lib.rocksdb_close(self.db)
