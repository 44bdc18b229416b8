using Millrace.Postgres.Texts;

namespace Millrace.Sources.Tests.Postgres;

/// <summary>Every text comes back as it was, and a part of it is found where it is and nowhere else.</summary>
public sealed class AnyTextTests
{
    [Fact]
    public void Every_character_comes_back()
    {
        for (var c = 0; c <= char.MaxValue; c++)
            if (!char.IsSurrogate((char)c)) Assert.Equal($"a{(char)c}", AnyText.Read(AnyText.Write($"a{(char)c}")));
        Assert.Equal("\U0001f600", AnyText.Read(AnyText.Write("\U0001f600")));
        Assert.Null(AnyText.Read(AnyText.Write(null)));
    }

    [Fact]
    public void Different_texts_are_written_differently_and_parts_are_found_exactly()
    {
        var texts = new List<string> { "" };
        for (var length = 0; length < 4; length++) texts.AddRange(texts.Where(text => text.Length == length).SelectMany(text => "\0\u0001\u0003\u0005a").Distinct().SelectMany(c => texts.Where(text => text.Length == length).Select(text => text + c)).ToArray());
        Assert.Equal(texts.Count, texts.Select(AnyText.Write).Distinct().Count());
        foreach (var text in texts)
        {
            Assert.DoesNotContain('\0', AnyText.Write(text)!);
            Assert.Equal(text, AnyText.Read(AnyText.Write(text)));
            foreach (var part in texts.Where(part => part.Length <= 2))
                Assert.Equal(text.Contains(part, StringComparison.Ordinal), AnyText.Write(text)!.Contains(AnyText.Write(part)!, StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Half_a_pair_is_replaced()
    {
        // Not as a theory: its values would be replaced on their way here.
        (string Text, string Written)[] halves = [("a\ud800b", "a\ufffdb"), ("\udc00\ud800", "\ufffd\ufffd"), ("\ud83d\ude00\ud83d", "\ud83d\ude00\ufffd")];
        foreach (var (text, written) in halves) Assert.Equal(written, AnyText.Write(text));
    }
}
