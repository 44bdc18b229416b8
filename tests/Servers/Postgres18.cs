namespace Servers;

/// <summary>The newest PostgreSQL that tests run on beside the system's, from the folder in MILLRACE_POSTGRES18.</summary>
public static class Postgres18
{
    /// <summary>What a test that skips says.</summary>
    public const string Missing = "MILLRACE_POSTGRES18 is not set: ./test.sh fetches PostgreSQL 18 in its full lane, tests/Servers/postgres18/fetch.sh by itself.";

    /// <summary>The folder of initdb and postgres, or null when MILLRACE_POSTGRES18 is not set.</summary>
    public static string? Find()
    {
        var folder = Environment.GetEnvironmentVariable("MILLRACE_POSTGRES18");
        if (string.IsNullOrEmpty(folder)) return null;
        var binaries = Path.GetFullPath(Path.Combine(folder, "bin"));
        return File.Exists(Path.Combine(binaries, "postgres"))
            ? binaries
            : throw new InvalidOperationException($"MILLRACE_POSTGRES18 names \"{folder}\", where no bin/postgres is.");
    }
}
