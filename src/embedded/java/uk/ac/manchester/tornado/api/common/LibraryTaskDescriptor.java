package uk.ac.manchester.tornado.api.common;

/** A call of a native library's function as a task of a graph. */
public class LibraryTaskDescriptor {
  private String libraryName;
  private String functionName;
  private Object[] parameters;
  private Access[] access;
  private Object tuning;

  /** A call of which nothing is known yet. */
  public LibraryTaskDescriptor() {}

  /**
   * Names the library.
   *
   * @param libraryName the name that its provider has
   * @return this
   */
  public LibraryTaskDescriptor withLibrary(String libraryName) {
    this.libraryName = libraryName;
    return this;
  }

  /**
   * Names the function.
   *
   * @param functionName a name that the provider knows
   * @return this
   */
  public LibraryTaskDescriptor withFunction(String functionName) {
    this.functionName = functionName;
    return this;
  }

  /**
   * Sets the arguments.
   *
   * @param parameters arrays and numbers
   * @return this
   */
  public LibraryTaskDescriptor withParameters(Object[] parameters) {
    this.parameters = parameters;
    return this;
  }

  /**
   * Says what the function does with its arguments.
   *
   * @param access one for each argument
   * @return this
   */
  public LibraryTaskDescriptor withAccess(Access[] access) {
    this.access = access;
    return this;
  }

  /**
   * Sets what only the provider understands.
   *
   * @param tuning handed on to it
   * @return this
   */
  public LibraryTaskDescriptor withTuning(Object tuning) {
    this.tuning = tuning;
    return this;
  }

  /**
   * The library.
   *
   * @return its name
   */
  public String getLibraryName() {
    return libraryName;
  }

  /**
   * The function.
   *
   * @return its name
   */
  public String getFunctionName() {
    return functionName;
  }

  /**
   * The arguments.
   *
   * @return arrays and numbers
   */
  public Object[] getParameters() {
    return parameters;
  }

  /**
   * What the function does with its arguments.
   *
   * @return one for each
   */
  public Access[] getAccess() {
    return access;
  }

  /**
   * What only the provider understands.
   *
   * @return as it was set
   */
  public Object getTuning() {
    return tuning;
  }
}
