// Holds the precompiled header of the modules above the schemas (schemas/CMakeLists.txt).
