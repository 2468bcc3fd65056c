package uk.ac.manchester.tornado.api.enums;

/** What tasks are compiled to. */
public enum TornadoVMBackendType {
  /** OpenCL C. */
  OPENCL,
  /** Apple's Metal. */
  METAL,
  /** NVIDIA's PTX. */
  PTX,
  /** CUDA C. */
  CUDA,
  /** SPIR-V. */
  SPIRV,
  /** The JVM's own code, as in the embedded runtime. */
  JAVA,
  /** Nothing that runs. */
  VIRTUAL
}
