package io.github.tornadosse.checkpoint;

import io.github.tornadosse.tensor.FileErrors;
import io.github.tornadosse.tensor.UserError;
import java.math.BigDecimal;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How the weights of a model are written.
 *
 * @param dtype F32, F16 or BF16
 * @param maxShardBytes the most bytes of tensors in one file; a tensor that is larger has a file of
 *     its own
 */
public record WeightsFormat(DType dtype, long maxShardBytes) {
  private static final Map<String, DType> TYPES = new LinkedHashMap<>();
  private static final Map<String, Long> UNITS =
      Map.of(
          "",
          1L,
          "KB",
          1_000L,
          "MB",
          1_000_000L,
          "GB",
          1_000_000_000L,
          "TB",
          1_000_000_000_000L,
          "KIB",
          1L << 10,
          "MIB",
          1L << 20,
          "GIB",
          1L << 30,
          "TIB",
          1L << 40);
  private static final Pattern SIZE = Pattern.compile("(\\d{1,18}(?:\\.\\d{1,9})?)\\s*([A-Z]*)");

  static {
    TYPES.put("float32", DType.F32);
    TYPES.put("float16", DType.F16);
    TYPES.put("bfloat16", DType.BF16);
  }

  /** Float32 in a single file. */
  public static final WeightsFormat FLOAT32 = new WeightsFormat(DType.F32, Long.MAX_VALUE);

  /**
   * Checks the ranges.
   *
   * @throws IllegalArgumentException if the type is another or the size is not positive
   */
  public WeightsFormat {
    if (!TYPES.containsValue(dtype) || maxShardBytes < 1) {
      throw new IllegalArgumentException(
          "weights of " + dtype + " in files of " + maxShardBytes + " bytes");
    }
  }

  /**
   * The type as {@code config.json} names it.
   *
   * @return {@code float32}, {@code float16} or {@code bfloat16}
   */
  public String typeName() {
    return TYPES.entrySet().stream()
        .filter(entry -> entry.getValue() == dtype)
        .map(Map.Entry::getKey)
        .findFirst()
        .orElseThrow();
  }

  /**
   * The type of a name.
   *
   * @param name {@code float32}, {@code float16} or {@code bfloat16}
   * @return the type
   * @throws UserError if it is another name
   */
  public static DType type(String name) {
    DType type = TYPES.get(name);
    if (type == null) {
      throw new UserError(
          "weights are not written as "
              + FileErrors.quote(name)
              + "; there are "
              + String.join(", ", TYPES.keySet()));
    }
    return type;
  }

  /**
   * The number of bytes of a size.
   *
   * @param size such as {@code 2GB} (10^9 bytes), {@code 512MiB} (2^20) or a number of bytes
   * @return the number, at least 1
   * @throws UserError if it is not a size
   */
  public static long bytes(String size) {
    Matcher matcher = SIZE.matcher(size.strip().toUpperCase(Locale.ROOT));
    if (matcher.matches() && UNITS.containsKey(matcher.group(2))) {
      BigDecimal unit = BigDecimal.valueOf(UNITS.get(matcher.group(2)));
      BigDecimal bytes = new BigDecimal(matcher.group(1)).multiply(unit);
      if (bytes.compareTo(BigDecimal.ONE) >= 0
          && bytes.compareTo(BigDecimal.valueOf(Long.MAX_VALUE)) <= 0) {
        return bytes.longValue();
      }
    }
    throw new UserError(
        FileErrors.quote(size) + " is not a size of at least one byte, such as 2GB or 512MiB");
  }
}
