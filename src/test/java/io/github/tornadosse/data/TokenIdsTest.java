package io.github.tornadosse.data;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.tornadosse.tensor.UserError;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TokenIdsTest {
  private static final Path FILE = Path.of("ids.txt");

  @Property(tries = 200)
  void whatIsWrittenIsRead(
      @ForAll @Size(max = 40) List<@IntRange(max = 999) Integer> ids,
      @ForAll @IntRange(max = 50) int limit) {
    String text = ids.stream().map(id -> id + "\n ").collect(Collectors.joining());
    assertThat(TokenIds.parse(text.getBytes(UTF_8), FILE, 1000, limit))
        .containsExactly(ids.stream().limit(limit).mapToInt(Integer::intValue).toArray());
  }

  @ParameterizedTest
  @CsvSource({
    "1\\n32, 2, 32",
    "-1, 1, -1",
    "1 2.5, 1, 2.5",
    "1\\n\\n\\tbeé, 3, beé",
    "+3, 1, +3",
    "99999999999999999999, 1, 99999999999999999999",
    "4294967297, 1, 4294967297",
    "1\\u0000, 1, 1\\u0000"
  })
  void whatIsNoIdIsSaidWithItsLine(String text, int line, String what) {
    byte[] bytes =
        text.replace("\\n", "\n").replace("\\t", "\t").replace("\\u0000", "\0").getBytes(UTF_8);
    assertThatThrownBy(() -> TokenIds.parse(bytes, FILE, 32, 100))
        .isInstanceOf(UserError.class)
        .hasMessage(
            "ids.txt, line %d: \"%s\" is no token id; without a tokenizer.json, a model's text is ids from 0 to 31, separated by white space"
                .formatted(line, what));
  }

  @Test
  void whatFollowsTheLimitIsNotLookedAt() {
    assertThat(TokenIds.parse("7 8 x".getBytes(UTF_8), FILE, 9, 2)).containsExactly(7, 8);
  }
}
