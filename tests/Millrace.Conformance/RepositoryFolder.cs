namespace Millrace.Conformance;

/// <summary>Where the repository lies, for tests that read its source. Not from the compiler's paths: a deterministic build maps those away.</summary>
public static class RepositoryFolder
{
    /// <summary>The folder of the solution. Throws when the running build does not lie inside it.</summary>
    public static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Millrace.slnx")))
                return folder.FullName;
        throw new InvalidOperationException($"No Millrace.slnx above {AppContext.BaseDirectory}: run the tests from a build inside the repository.");
    }
}
